// IPv4 networks as numbers: what a range of addresses for the home could be, and whether an address lies in it.
const value = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const address = (of: number) => [24, 16, 8, 0].map((bits) => Math.floor(of / 2 ** bits) % 256).join('.')

const first_share = 100 / 256
const last_share = 199 / 256

/** A scope for a network such as 192.168.1.0/24: the router is its first address, and the middle is given out. */
export function suggestScope(network: string | null | undefined): Record<string, unknown> {
  const [base, bits] = (network ?? '').split('/')
  if (!base || !bits) return {}
  const size = 2 ** (32 - Number(bits))
  const at = (share: number) => address(value(base) + Math.floor(size * share))
  return { network, first: at(first_share), last: at(last_share), router: address(value(base) + 1) }
}

export function inNetwork(one: string, network: string): boolean {
  const [base, bits] = network.split('/')
  const size = 2 ** (32 - Number(bits))
  return Math.floor(value(one) / size) === Math.floor(value(base!) / size)
}
