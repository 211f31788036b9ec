import { describe, expect, it } from 'vitest'
import { creation, disagreements, formSchema, kindOf, patch, toInput, toValue, type FormSchema } from './form-values'

const peer = formSchema('ChangePeerBody')
const add = formSchema('AddPeer')

describe('the kind of an input', () => {
  it('follows the schema', () => {
    expect(kindOf(add.properties.name!)).toBe('text')
    expect(kindOf(add.properties.enabled!)).toBe('switch')
    expect(kindOf(add.properties.keepalive!)).toBe('number')
    expect(kindOf(add.properties.lans!)).toBe('list')
    expect(kindOf(add.properties.expires_at!)).toBe('moment')
    expect(kindOf(formSchema('AddDnsRecord').properties.type!)).toBe('select')
    expect(kindOf(formSchema('SetDnsUpstreams').properties.forwards!)).toBe('raw')
  })
})

describe('creating', () => {
  it('leaves out what is empty', () => {
    const inputs = Object.fromEntries(Object.entries(add.properties).map(([name, field]) => [name, toInput(field, undefined)]))
    expect(creation(add, { ...inputs, name: ' phone ' })).toEqual({ name: 'phone', preshared_key: false, enabled: true, internet: true, keep_key: false })
  })
  it('splits lists at lines, commas and spaces', () => {
    expect(creation(add, { name: 'a', lans: '10.0.0.0/24, 10.1.0.0/24\n10.2.0.0/24' })).toMatchObject({ lans: ['10.0.0.0/24', '10.1.0.0/24', '10.2.0.0/24'] })
  })
  it('sends what is no number as it was typed, for the daemon to object to', () => {
    expect(creation(add, { name: 'a', keepalive: 'often' })).toEqual({ name: 'a', keepalive: 'often' })
  })
  it('keeps an empty list that must be there', () => {
    expect(creation(formSchema('AddToken'), { name: 'a', scopes: '' })).toEqual({ name: 'a', scopes: [] })
  })
})

describe('changing', () => {
  const was = { name: 'phone', enabled: true, keepalive: 25, owner: 'ada', expires_at: '2030-01-02T03:04:05.678Z', services: null, lans: [] as string[] }
  const inputs = Object.fromEntries(Object.keys(was).map((name) => [name, toInput(peer.properties[name]!, was[name as keyof typeof was])]))

  it('sends nothing when nothing was touched, though a moment loses its seconds in the input', () => {
    expect(patch(peer, inputs, was)).toEqual({})
  })
  it('sends what differs', () => {
    expect(patch(peer, { ...inputs, name: 'tablet', enabled: false }, was)).toEqual({ name: 'tablet', enabled: false })
  })
  it('clears with null where null is a value, and with "" where it is not', () => {
    expect(patch(peer, { ...inputs, owner: '', keepalive: '', name: '' }, was)).toEqual({ owner: null, keepalive: null, name: '' })
  })
  it('tells "all services" from "none"', () => {
    const field = peer.properties.services!
    expect(toInput(field, null)).toBe('')
    expect(toInput(field, [])).toEqual([])
    expect(toValue(field, '')).toBeNull()
    expect(toValue(field, [])).toEqual([])
    expect(patch(peer, { services: [] }, was)).toEqual({ services: [] })
  })
})

describe('a conflict', () => {
  it('names what either side changed, and where both did', () => {
    const was = { name: 'a', owner: null, enabled: true, keepalive: 25 }
    const found = disagreements({ name: 'mine', keepalive: 10 }, was, { name: 'theirs', owner: 'bob', enabled: true, keepalive: 10 }, Object.keys(was))
    expect(found.map(({ name, clash }) => [name, clash])).toEqual([['name', true], ['owner', false], ['keepalive', false]])
  })
})

it('knows every form by its schema', () => {
  const empty: FormSchema = formSchema('ChangeCell')
  expect(Object.keys(empty.properties)).toContain('domain')
})
