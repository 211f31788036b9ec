import { describe, expect, it } from 'vitest'
import { parts, soundsLike } from '@/kit/log'
import { left } from '@/shell/waiting'
import { ofAccess, ofService, search } from './logs/lines'
import { stateOf } from './network/blocking'
import { shares } from './dashboard/traffic'
import { isDue, rotatedAt } from './vault/secrets'

describe('a blocklist', () => {
  const list = { url: 'https://lists.example/hosts', enabled: true }
  const found = { names: 2, blocked: 0, fetched: 1, failure: '' }
  it('says how it is', () => {
    expect(stateOf({ ...list, enabled: false }, found)).toBe('off')
    expect([stateOf(list, undefined), stateOf(list, { ...found, fetched: null }), stateOf({ ...list, url: null }, { ...found, fetched: null })]).toEqual(['fetching', 'fetching', 'blocking'])
    expect([stateOf(list, found), stateOf(list, { ...found, failure: '404' }), stateOf(list, { ...found, fetched: null, failure: '404' })]).toEqual(['blocking', 'stale', 'failed'])
  })
})

describe('a secret', () => {
  const made = '2026-01-01T00:00:00Z'
  const secret = { created_at: made, rotate_days: 30 as number | null, versions: [{ number: 1, created_at: made }, { number: 2, created_at: '2026-03-01T00:00:00Z' }] }
  it('is due by its newest value', () => {
    expect(rotatedAt(secret)).toBe('2026-03-01T00:00:00Z')
    expect([isDue(secret, Date.parse('2026-03-30T00:00:00Z')), isDue(secret, Date.parse('2026-04-01T00:00:00Z')), isDue({ ...secret, rotate_days: null }, Date.parse('2030-01-01T00:00:00Z'))]).toEqual([false, true, false])
  })
})

describe('what was said', () => {
  const said = ofService('dns', [{ at: '2026-01-01T00:00:02Z', program: 'coredns', line: '[ERROR] no such zone' }], 'DNS')
  const came = ofAccess([{ id: 1, at: '2026-01-01T00:00:01Z', kind: 'sign_in_refused', actor: 'user:mallory', source: '192.0.2.7', detail: '', request_id: 'x' }] as never, 'Access')
  it('is one stream by time, searched as one', () => {
    expect(search([...said, ...came], '').map(({ from }) => from)).toEqual(['Access', 'DNS · coredns'])
    expect(search([...said, ...came], 'MALLORY 192').map(({ from }) => from)).toEqual(['Access'])
    expect(search(said, 'dns zone nothing')).toEqual([])
  })
  it('sounds as it sounds', () => {
    expect([soundsLike('[ERROR] x'), soundsLike('a warning'), soundsLike('terrorism of errors'), said[0]!.tone, came[0]!.tone]).toEqual(['bad', 'warn', undefined, 'bad', 'bad'])
  })
  it('is marked where it was found, whatever the letters mean elsewhere', () => {
    expect(parts('a.b ab', ['.'])).toEqual(['a', '.', 'b ab'])
    expect(parts('a', [''])).toEqual(['a'])
  })
})

it('counts down to nothing and no further', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect([left('2026-01-01T00:01:05Z', now), left('2026-01-01T00:00:00.400Z', now), left('2025-12-31T00:00:00Z', now)]).toEqual(['1:05', '0:01', '0:00'])
})

it('tells whose the traffic was, most first', () => {
  const peers = [{ id: '1', name: 'phone', public_key: 'a' }, { id: '2', name: 'tv', public_key: 'b' }, { id: '3', name: 'idle', public_key: 'c' }]
  const live = new Map([['a', { received: 1, sent: 2 }], ['b', { received: 10, sent: 20 }], ['c', { received: 0, sent: 0 }]])
  expect(shares(peers, live)).toEqual({ received: 11, sent: 22, top: [{ id: '2', name: 'tv', bytes: 30 }, { id: '1', name: 'phone', bytes: 3 }] })
})
