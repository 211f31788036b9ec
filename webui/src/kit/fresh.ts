// What shows or changes secrets wants a sign-in of the last few minutes. A call that is refused for that asks whoever sits
// there for the password, over the page, and is then made again; who says no gets the refusal.
import { useSyncExternalStore } from 'react'
import { asProblem } from '@/api/problem'

interface Asked {
  done: () => void
  refused: () => void
}

let asked: Asked | null = null
const watchers = new Set<() => void>()
const set = (now: Asked | null) => {
  asked = now
  watchers.forEach((told) => told())
}
const watch = (told: () => void) => {
  watchers.add(told)
  return () => void watchers.delete(told)
}

/** What waits for a fresh sign-in, if anything does. */
export const useAsked = () => useSyncExternalStore(watch, () => asked)

export async function fresh<T>(what: () => Promise<T>): Promise<T> {
  try {
    return await what()
  } catch (error) {
    if (asProblem(error).code !== 'step_up_required') throw error
    await new Promise<void>((done, refuse) =>
      set({
        done: () => {
          set(null)
          done()
        },
        refused: () => {
          set(null)
          refuse(error as Error)
        },
      }),
    )
    return what()
  }
}
