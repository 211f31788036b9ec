import { describe, expect, it } from 'vitest'
import { inOrder, moved, type Rule } from './order'
import { groups, rangeOf, reach, targets, type Surroundings } from './reach'

describe('the order of rules', () => {
  it('is by position', () => {
    expect(inOrder([{ id: 'b', position: 3 }, { id: 'c', position: 1 }, { id: 'a', position: 2 }]).map(({ id }) => id).join('')).toBe('cab')
  })
  it('changes by one number, counted from 1', () => {
    expect(moved('c', 0)).toEqual({ id: 'c', position: 1 })
    expect(moved('a', 2)).toEqual({ id: 'a', position: 3 })
  })
})

const device = (name: string, some = {}) => ({ id: name, name, address: '10.10.0.2', enabled: true, internet: true, services: null, lans: [] as string[], ...some })
const rule = (some: Partial<Rule>) => ({ id: '1', position: 1, source: 'any', destination: 'any', protocol: 'any', ports: null, action: 'drop', enabled: true, note: null, ...some }) as Rule
const around = (some: Partial<Surroundings>): Surroundings => ({ devices: [device('phone')], rules: [], vpn: '10.10.0.0/24', home: '192.168.1.0/24', ...some })
const all = (some: Partial<Surroundings>, which = device('phone')) => targets.map((target) => reach(which, target, around(some))).join(' ')

describe('who reaches what', () => {
  it('is a device\'s policy where no rule says otherwise', () => {
    expect(all({})).toBe('all all none all none')
    expect(all({}, device('tv', { internet: false, services: ['dns'] }))).toBe('some none none none none')
  })
  it('is what the first rule that matches decides', () => {
    expect(all({ rules: [rule({})] })).toBe('none none none none none')
    expect(all({ rules: [rule({ action: 'accept', destination: '192.168.1.0/24' }), rule({})] })).toBe('none none none none all')
    expect(all({ rules: [rule({ enabled: false })] })).toBe('all all none all none')
    expect(all({ rules: [rule({ source: '10.10.0.9' })] })).toBe('all all none all none')
    expect(all({ rules: [rule({ source: '10.10.0.0/24', destination: '10.10.0.1' })] })).toBe('none all none all none')
  })
  it('is a part where a rule is about a part', () => {
    expect(all({ rules: [rule({ protocol: 'tcp', ports: '25' })] })).toBe('some some none some none')
    expect(all({ rules: [rule({ action: 'accept', destination: '192.168.1.20' })] })).toBe('all all none all some')
    expect(all({ rules: [rule({ destination: '198.51.100.0/24' })] })).toBe('all some none all none')
  })
  it('puts those together who reach the same', () => {
    const devices = [device('a'), device('b'), device('c', { internet: false }), device('off', { enabled: false })]
    expect(groups(around({ devices }), targets).map((group) => group.devices.map(({ name }) => name).join(''))).toEqual(['ab', 'c'])
  })
  it('reads ranges', () => {
    expect(rangeOf('10.0.0.7')).toEqual({ from: 167772167, to: 167772167 })
    expect(rangeOf('10.0.0.7/8')).toEqual({ from: 167772160, to: 184549375 })
    expect(rangeOf('fd00::/8')).toBeNull()
  })
})
