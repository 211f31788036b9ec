// What was typed and not yet committed: kept for the tab's life, so that a closed drawer, a reload or a lost session costs
// nothing. Secrets never come here.
import type { Inputs } from './form-values'

const at = (id: string) => `pic.draft.${id}`

export function readDraft(id: string | undefined): Inputs | null {
  if (!id) return null
  try {
    return JSON.parse(sessionStorage.getItem(at(id)) ?? 'null') as Inputs | null
  } catch {
    return null
  }
}

export function keepDraft(id: string | undefined, inputs: Inputs, secret: readonly string[]): void {
  if (!id) return
  const kept = Object.fromEntries(Object.entries(inputs).filter(([name]) => !secret.includes(name)))
  try {
    sessionStorage.setItem(at(id), JSON.stringify(kept))
  } catch {
    /* storage may be full or off: then a draft lives as long as its form */
  }
}

export function dropDraft(id: string | undefined): void {
  if (id) sessionStorage.removeItem(at(id))
}
