import { describe, expect, it } from 'vitest'
import { problemOf } from '@/api/problem'
import { activity } from './dashboard/activity'
import { attention } from './dashboard/attention'
import { byKey, isHere, rates } from './peers/live'
import { namesIn, objections } from './peers/add-many'

const peer = { id: '1', name: 'phone', enabled: true, expires_at: null as string | null } as never as Parameters<typeof attention>[0]['peers'][number]
const now = Date.parse('2026-06-01T12:00:00Z')

describe('what needs attention', () => {
  it('is nothing when all is well', () => {
    expect(attention({ peers: [peer], endpoint: 'home.example', now })).toEqual([])
  })
  it('is who expired or soon will, but not who is off anyway', () => {
    const past = { ...peer, expires_at: '2026-05-30T00:00:00Z' }
    const soon = { ...peer, expires_at: '2026-06-03T00:00:00Z' }
    const late = { ...peer, expires_at: '2026-07-03T00:00:00Z' }
    const keys = (peers: (typeof peer)[]) => attention({ peers, endpoint: 'x', now }).map(({ key }) => key)
    expect(keys([past, soon, late])).toEqual(['expired', 'expiring'])
    expect(keys([{ ...past, enabled: false }])).toEqual([])
  })
  it('is an endpoint that is missing, not one that is not yet known', () => {
    expect(attention({ peers: [], endpoint: null, now }).map(({ key }) => key)).toEqual(['endpoint'])
    expect(attention({ peers: [], endpoint: undefined, now })).toEqual([])
  })
})

describe('activity', () => {
  it('counts by day', () => {
    const { times, counts } = activity([new Date(now).toISOString(), new Date(now - 86_400_000).toISOString(), new Date(now - 90 * 86_400_000).toISOString()], 3, now)
    expect(times).toHaveLength(3)
    expect(counts).toEqual([0, 1, 1])
  })
})

describe('live peers', () => {
  const at = '2026-06-01T12:00:00Z'
  it('are joined from tables by their key', () => {
    const found = byKey([
      { table: 'transfer', at, columns: ['public_key', 'received_bytes', 'sent_bytes'], rows: [['k1', 10, 20]] },
      { table: 'handshakes', at, columns: ['public_key', 'at'], rows: [['k1', now / 1000 - 60], ['k2', 0]] },
      { table: 'endpoints', at, columns: ['public_key', 'endpoint'], rows: [['k1', '192.0.2.7:1234'], ['k2', '(none)']] },
    ])
    expect(found.get('k1')).toEqual({ received: 10, sent: 20, seen: now - 60_000, endpoint: '192.0.2.7:1234' })
    expect(found.get('k2')).toEqual({ received: 0, sent: 0, seen: null, endpoint: null })
    expect([isHere(found.get('k1'), now), isHere(found.get('k1'), now + 200_000), isHere(found.get('k2'), now), isHere(undefined, now)]).toEqual([true, false, false, false])
  })
  it('have rates, also across a restart of the counters', () => {
    const point = (minute: number, received_bytes: number, sent_bytes: number) => ({ at: new Date(now + minute * 60_000).toISOString(), received_bytes, sent_bytes })
    expect(rates([point(0, 0, 0), point(1, 600, 60), point(3, 120, 60)])).toEqual({ times: [now / 1000 + 60, now / 1000 + 180], received: [10, 1], sent: [1, 0] })
    expect(rates([]).times).toEqual([])
  })
})

describe('adding many', () => {
  it('takes names as they come', () => {
    expect(namesIn('phone, laptop\n tv;radio\n')).toEqual(['phone', 'laptop', 'tv', 'radio'])
  })
  it('says whom an objection is about', () => {
    expect(objections(problemOf(409, { errors: [{ pointer: '/commands/1/data/name', detail: 'is taken' }] }), ['a', 'b'])).toBe('b: is taken')
  })
})
