import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import english from './en.json'
import { bytes, fill, relative, t, tn, tOr } from '.'

const folder = new URL('.', import.meta.url)
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort()

describe('words', () => {
  it('take values', () => {
    expect(fill('{a} of {b}', { a: 1, b: 'two' })).toBe('1 of two')
    expect(fill('{a}', {})).toBe('{a}')
    expect(t('peers.added', { name: 'phone' })).toBe('Added phone')
    expect(tOr('no.such.key', 'otherwise')).toBe('otherwise')
  })
  it('count', () => {
    expect(tn('list.count', 1)).toBe('1 entry')
    expect(tn('list.count', 1200)).toBe('1,200 entries')
  })
  it('say when and how much', () => {
    const now = Date.parse('2026-01-01T12:00:00Z')
    expect(relative('2026-01-01T11:57:00Z', now)).toBe('3 minutes ago')
    expect(relative('2026-01-03T12:00:00Z', now)).toBe('in 2 days')
    expect(bytes(0)).toBe('0 byte')
    expect(bytes(1_500_000)).toBe('1.5 MB')
  })
})

describe('every language', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    it(`${file} has no keys of its own, and the same values to fill in`, () => {
      const words = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Record<string, string>
      for (const [key, text] of Object.entries(words)) {
        const original = (english as Record<string, string>)[key] ?? (english as Record<string, string>)[key.replace(/_(zero|two|few|many)$/, '_other')]
        expect(original, key).toBeDefined()
        for (const name of placeholders(text)) expect(placeholders(original!), key).toContain(name)
      }
    })
  }
})

it('says no word twice', () => {
  const keys = [...readFileSync(new URL('en.json', folder), 'utf8').matchAll(/^ {2}"([^"]+)":/gm)].map(([, key]) => key)
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
})

it('names every event that it has a sentence for', () => {
  const named = Object.keys(english).filter((key) => /^event\.\w+$/.test(key))
  for (const key of named) expect(english).toHaveProperty([`${key}.name`])
})

it('has words for everything that the log tells of', () => {
  const golden = new URL('../../../tests/golden/', import.meta.url)
  const told = readdirSync(new URL('events/', golden)).map((file) => file.split('.')[0]!)
  expect([...new Set(told)].filter((type) => !(`event.${type}` in english))).toEqual([])
  const cell = JSON.parse(readFileSync(new URL('cell/everything/files/cell_config.json', golden), 'utf8')) as Record<string, object>
  const collections = Object.values(cell).flatMap((area) => (area && typeof area === 'object' ? Object.keys(area) : []))
  expect(collections.filter((name) => !(`collection.${name}` in english))).toEqual([])
})
