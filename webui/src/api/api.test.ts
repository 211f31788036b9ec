import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { webcrypto } from 'node:crypto'
import { unpaged } from './query'
import { describe, expect, it } from 'vitest'
import { allows, change, scopeOf } from './change'
import { backoff, withService, type Service } from './feed'

// Node 18 has it, but not where browsers do.
globalThis.crypto ??= webcrypto as Crypto

describe('rights', () => {
  it('include as the daemon has it', () => {
    expect(allows(['*'], 'peers:write')).toBe(true)
    expect(allows(['peers:write'], 'peers:read')).toBe(true)
    expect(allows(['*:read'], 'peers:read')).toBe(true)
    expect(allows(['*:read'], 'peers:write')).toBe(false)
    expect(allows(['dns:write'], 'peers:read')).toBe(false)
    expect(allows([], 'session')).toBe(true)
  })
  it('are known of every call', () => {
    expect(scopeOf('post', '/peers')).toBe('peers:write')
  })
})

describe('a change', () => {
  it('has an idempotency key of its own', () => {
    const [a, b] = [change('delete', '/peers/{id}', { params: { id: 'x' } }), change('delete', '/peers/{id}', { params: { id: 'x' } })]
    expect(a.key).toMatch(/^[0-9a-f]{32}$/)
    expect(a.key).not.toBe(b.key)
  })
})

describe('the feed', () => {
  it('waits longer from time to time, never for ever, and not all at once', () => {
    expect(backoff(0, 0.5)).toBe(400)
    expect(backoff(2, 0.5)).toBe(1600)
    expect(backoff(50, 1)).toBeLessThanOrEqual(6250)
    expect(backoff(3, 0)).not.toBe(backoff(3, 1))
  })
  it('puts a service where it was', () => {
    const dns = { name: 'dns', state: 'applied' } as Service
    const wireguard = { name: 'wireguard', state: 'applied' } as Service
    expect(withService([dns, wireguard], { ...dns, state: 'pending' })).toEqual([{ ...dns, state: 'pending' }, wireguard])
    expect(withService([dns], wireguard)).toEqual([dns, wireguard])
    expect(withService(undefined, dns)).toBeUndefined()
  })
})

it('asks for no pages of lists that take no limit, such as live tables', () => {
  const { paths } = parse(readFileSync(new URL('../../../schema/openapi.yaml', import.meta.url), 'utf8')) as { paths: Record<string, { get?: { parameters?: { $ref?: string }[]; responses: Record<string, unknown>; 'x-not-built'?: boolean } }> }
  const lists = Object.entries(paths).filter(([, { get }]) => get && !get['x-not-built'] && JSON.stringify(get.responses['200'] ?? {}).includes('next_cursor'))
  const without = lists.filter(([, { get }]) => !get!.parameters?.some(({ $ref }) => $ref?.endsWith('/limit'))).map(([path]) => path)
  expect(lists.length).toBeGreaterThan(10)
  expect(without).toContain('/services/{service}/live')
  for (const path of without.filter((path) => /^.(services|sessions|artefacts|findings)/.test(path))) expect(unpaged, path).toContain(path)
})
