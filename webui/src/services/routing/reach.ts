// Who reaches what: what the firewall's rules, and after them each device's policy, come to (projections/wireguard/
// firewall.cpp). A rule about some ports or a part of a network decides a part; then the answer is "some of it".
import type { Item } from '@/api/query'
import type { Rule } from './order'

type Device = Pick<Item<'/peers'>, 'id' | 'name' | 'address' | 'enabled' | 'internet' | 'services' | 'lans'>
export type Target = 'services' | 'internet' | 'devices' | 'behind' | 'home'
export const targets: Target[] = ['services', 'internet', 'devices', 'behind', 'home']
export type Reach = 'all' | 'some' | 'none'

interface Range {
  from: number
  to: number
}

/** An IPv4 address or network as a range of numbers; null for IPv6, which is not looked at here. */
export function rangeOf(text: string): Range | null {
  const [address, bits = '32'] = text.split('/')
  if (!address || !/^\d+\.\d+\.\d+\.\d+$/.test(address)) return null
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  const from = Math.floor(value / size) * size
  return { from, to: from + size - 1 }
}

const holds = (outer: Range, inner: Range) => outer.from <= inner.from && inner.to <= outer.to
const meets = (a: Range, b: Range) => a.from <= b.to && b.from <= a.to
const everywhere: Range = { from: 0, to: 2 ** 32 - 1 }
const private_networks = ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'].map((text) => rangeOf(text)!)
const isPrivate = (range: Range) => private_networks.some((network) => holds(network, range))

export interface Surroundings {
  devices: Device[]
  rules: Rule[]
  vpn: string
  /** Of the home network; null where it is not known. */
  home: string | null
}

/** How much of `target` a rule's destination covers. */
function covers(rule: Rule, target: Target, ranges: Range[]): Reach {
  if (rule.destination === 'any') return 'all'
  const to = rangeOf(rule.destination)
  if (!to) return 'none'
  if (target === 'internet') return holds(to, everywhere) ? 'all' : isPrivate(to) ? 'none' : 'some'
  if (ranges.length && ranges.every((range) => holds(to, range))) return 'all'
  return ranges.some((range) => meets(to, range)) ? 'some' : 'none'
}

function policy(device: Device, target: Target): Reach {
  if (target === 'internet') return device.internet ? 'all' : 'none'
  if (target === 'services') return device.services === null ? 'all' : device.services.length ? 'some' : 'none'
  return target === 'behind' && device.services === null ? 'all' : 'none'
}

export function reach(device: Device, target: Target, { devices, rules, vpn, home }: Surroundings): Reach {
  const self = rangeOf(device.address)
  const cell = rangeOf(vpn)
  if (!self || !cell) return policy(device, target)
  // The cell itself is the first address of its VPN.
  const own: Range = { from: cell.from + 1, to: cell.from + 1 }
  const others = devices.filter((other) => other.id !== device.id)
  const ranges = {
    services: [own],
    internet: [],
    devices: [{ from: cell.from + 2, to: cell.to }],
    behind: others.flatMap(({ lans }) => lans.map(rangeOf)).filter((range) => range !== null),
    home: [home ? rangeOf(home) : null].filter((range) => range !== null),
  }[target]
  let accepted = false
  let refused = false
  for (const rule of rules) {
    if (!rule.enabled) continue
    const from = rule.source === 'any' ? everywhere : rangeOf(rule.source)
    if (!from || !holds(from, self)) continue
    const part = covers(rule, target, ranges)
    if (part === 'none') continue
    const lets = rule.action === 'accept'
    if (part === 'all' && rule.protocol === 'any' && !rule.ports) {
      // Whatever is left is decided here.
      return lets ? (refused ? 'some' : 'all') : accepted ? 'some' : 'none'
    }
    if (lets) accepted = true
    else refused = true
  }
  const rest = policy(device, target)
  if (rest === 'all') return refused ? 'some' : 'all'
  return rest === 'some' || accepted ? 'some' : 'none'
}

export interface Group {
  key: string
  devices: Device[]
  reaches: Record<Target, Reach>
}

/** Devices that reach the same, together; who reaches most comes first. */
export function groups(around: Surroundings, shown: Target[]): Group[] {
  const found = new Map<string, Group>()
  for (const device of around.devices) {
    if (!device.enabled) continue
    const reaches = Object.fromEntries(targets.map((target) => [target, shown.includes(target) ? reach(device, target, around) : 'none'])) as Record<Target, Reach>
    const key = targets.map((target) => reaches[target]).join(' ')
    const group = found.get(key)
    if (group) group.devices.push(device)
    else found.set(key, { key, devices: [device], reaches })
  }
  const weight = ({ reaches }: Group) => targets.reduce((sum, target) => sum + { all: 2, some: 1, none: 0 }[reaches[target]], 0)
  return [...found.values()].sort((a, b) => weight(b) - weight(a))
}
