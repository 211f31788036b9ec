// Rules by their position, and what has to change for one to stand elsewhere. Gaps are left, so that as a rule one number
// changes; where there is no room, all are numbered anew.
import type { Item } from '@/api/query'

export type Rule = Item<'/routing/rules'>
type Placed = Pick<Rule, 'id' | 'position'>

const step = 10
const last = 65_535

/** As the firewall looks at them. */
export const inOrder = <R extends Placed>(rules: R[]): R[] => [...rules].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))

/** The positions that put the rule `id` at `to` (counted from 0) among `rules`, which are in order. */
export function moved(rules: Placed[], id: string, to: number): Placed[] {
  const others = rules.filter((rule) => rule.id !== id)
  const before = to > 0 ? others[to - 1]!.position : 0
  const after = others[to]?.position ?? Math.min(before + 2 * step, last + 1)
  if (after - before > 1) return [{ id, position: Math.floor((before + after) / 2) }]
  const wanted = [...others.slice(0, to).map((rule) => rule.id), id, ...others.slice(to).map((rule) => rule.id)]
  const apart = Math.min(step, Math.floor(last / wanted.length))
  const was = new Map(rules.map((rule) => [rule.id, rule.position]))
  return wanted.map((one, at) => ({ id: one, position: (at + 1) * apart })).filter((one) => was.get(one.id) !== one.position)
}
