import { describe, expect, it } from 'vitest'
import type { Service } from '@/api/feed'
import { roundUp } from './bars'
import { diffLines } from './diff'
import { arrange } from './list'
import { stageOf } from './rollout'
import { toneOf, wordOf } from './service-state'

const service = (some: Partial<Service>): Service => ({ name: 'dns', enabled: true, port: null, desired_revision: 7, applied_revision: 7, state: 'applied', health: 'healthy', detail: '', drift: false, pending_restart: null, ...some })

describe('a rollout', () => {
  it('is none of the business of a service that nothing new is wanted of', () => {
    expect(stageOf(service({ desired_revision: 6 }), 7)).toBeNull()
  })
  it('is live once the service has applied the change or a later one', () => {
    expect(stageOf(service({}), 7)).toBe('live')
    expect(stageOf(service({ desired_revision: 9, applied_revision: 8, state: 'pending' }), 7)).toBe('live')
  })
  it('says what keeps it', () => {
    expect(stageOf(service({ applied_revision: 6, state: 'pending' }), 7)).toBe('going')
    expect(stageOf(service({ applied_revision: 6, state: 'refused' }), 7)).toBe('refused')
    expect(stageOf(service({ applied_revision: 6, state: 'unreachable' }), 7)).toBe('unreachable')
    expect(stageOf(service({ applied_revision: 6, state: 'disabled' }), 7)).toBe('off')
  })
})

describe('the state of a service', () => {
  it('says the worst first', () => {
    expect([toneOf(service({ state: 'refused', drift: true })), wordOf(service({ state: 'refused', drift: true }))]).toEqual(['bad', 'refused'])
    expect([toneOf(service({ drift: true })), wordOf(service({ drift: true }))]).toEqual(['warn', 'drift'])
    expect([toneOf(service({ health: 'unhealthy' })), wordOf(service({ health: 'unhealthy' }))]).toEqual(['bad', 'unhealthy'])
    expect([toneOf(service({})), wordOf(service({}))]).toEqual(['good', 'applied'])
  })
})

describe('a diff', () => {
  it('is read line by line', () => {
    expect(diffLines('--- a/f\n+++ b/f\n@@ name/laptop @@\n same\n-old\n+new\n')).toEqual([
      { kind: 'piece', text: 'name/laptop' },
      { kind: 'same', text: 'same' },
      { kind: 'went', text: 'old' },
      { kind: 'came', text: 'new' },
    ])
  })
})

it('an axis ends at a round number', () => {
  expect([0, 1, 3, 17, 51, 100].map(roundUp)).toEqual([1, 1, 5, 20, 100, 100])
})

describe('a list', () => {
  const items = [{ name: 'tv-10' }, { name: 'tv-9' }, { name: 'phone' }]
  const name = (item: { name: string }) => item.name
  it('finds by every word', () => {
    expect(arrange(items, 'TV 9', name).map(name)).toEqual(['tv-9'])
    expect(arrange(items, '  ', name)).toBe(items)
  })
  it('sorts as people count, both ways', () => {
    expect(arrange(items, '', name, name).map(name)).toEqual(['phone', 'tv-9', 'tv-10'])
    expect(arrange(items, '', name, name, true).map(name)).toEqual(['tv-10', 'tv-9', 'phone'])
  })
})
