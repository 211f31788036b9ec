// Rules by their position, from 1 and without gaps: a rule that is put elsewhere is told its new one, and the cell has the others
// close up.
import type { Item } from '@/api/query'

export type Rule = Item<'/routing/rules'>
type Placed = Pick<Rule, 'id' | 'position'>

/** As the firewall looks at them. */
export const inOrder = <R extends Placed>(rules: R[]): R[] => [...rules].sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))

/** The position that puts the rule `id` at `to` (counted from 0). */
export const moved = (id: string, to: number): Placed => ({ id, position: to + 1 })
