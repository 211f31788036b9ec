import { describe, expect, it } from 'vitest'
import type { Event } from '@/api/feed'
import { grouped, phrase, readBack, subject, who } from './events'
import { changedFields } from './resource-changes'

const event = (seq: number, some: Partial<Event> = {}): Event => ({ seq, id: `e${seq}`, stream: 'peer-1', version: 1, type: 'PeerChanged', schema_version: 1, data: {}, change_id: `c${seq}`, causation: null, actor: 'user:ada', source: 'http', request_id: '', at: '2026-01-01T00:00:00.000Z', hash: '', ...some })
const log = (count: number) => Array.from({ length: count }, (_, at) => event(at + 1, { type: at % 500 === 0 ? 'Rare' : 'Common' }))
const reader = (events: Event[]) => {
  const asked: number[] = []
  return {
    asked,
    read: async (after: number, limit: number, filter = {}) => {
      asked.push(after)
      const { type } = filter as { type?: string }
      return events.filter((one) => one.seq > after && (!type || one.type === type)).slice(0, limit)
    },
  }
}

describe('events', () => {
  it('of one change are one', () => {
    const found = grouped([event(4, { change_id: 'b' }), event(3, { change_id: 'b' }), event(2, { change_id: 'a' })])
    expect(found.map(({ first, last, events }) => [first.seq, last.seq, events.map(({ seq }) => seq)])).toEqual([[3, 4, [3, 4]], [2, 2, [2]]])
  })
  it('are about whom they name, or whom somebody knows', () => {
    expect(subject(event(1, { data: { id: '1', name: 'phone' } }))).toBe('phone')
    expect(subject(event(1, { data: { id: '1' } }), (id) => (id === '1' ? 'phone' : undefined))).toBe('phone')
    expect(subject(event(1))).toBe('')
  })
  it('read as sentences; an unknown one by its type', () => {
    expect(phrase(event(1, { type: 'PeerAdded', data: { name: 'phone' } }))).toBe('added phone')
    expect(phrase(event(1, { type: 'NeverHeardOf' }))).toBe('NeverHeardOf')
  })
  it('name who', () => {
    expect(who('user:ada')).toBe('ada')
    expect(who('agent:12')).toBe('An agent')
    expect(who('system')).toBe('The cell')
    expect(who('odd')).toBe('odd')
  })
})

describe('reading backwards', () => {
  it('gives the newest first and says where to go on', async () => {
    const { read } = reader(log(1000))
    const first = await readBack(1001, {}, read)
    expect([first.events[0]!.seq, first.events.at(-1)!.seq]).toEqual([1000, first.next])
    const second = await readBack(first.next, {}, read)
    expect(second.events[0]!.seq).toBe(first.next - 1)
  })
  it('reads every event once down to the first', async () => {
    const { read } = reader(log(1234))
    const seen: number[] = []
    for (let at = 1235; at; ) {
      const { events, next } = await readBack(at, {}, read)
      seen.push(...events.map(({ seq }) => seq))
      at = next
    }
    expect(seen).toEqual(Array.from({ length: 1234 }, (_, at) => 1234 - at))
  })
  it('widens its window while a filter finds little', async () => {
    const { read, asked } = reader(log(20_000))
    const { events } = await readBack(20_001, { type: 'Rare' }, read)
    expect(events.length).toBeGreaterThan(20)
    expect(asked.length).toBeLessThan(12)
  })
})

it('compares things by their fields', () => {
  expect(changedFields({ name: 'a', version: 1, lans: [] }, { name: 'b', version: 2, lans: [] })).toEqual([{ name: 'name', was: 'a', is: 'b' }])
  expect(changedFields(null, { name: 'a', version: 1 })).toEqual([{ name: 'name', was: undefined, is: 'a' }])
})
