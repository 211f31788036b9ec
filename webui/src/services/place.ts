// Reading and changing what the address says about a page.
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Place } from '@/router'

export const usePlace = (): Place => useSearch({ strict: false })

/** Changes some of it and keeps the rest; undefined takes a thing out. */
export function useGo() {
  const navigate = useNavigate()
  return (some: Place, replace = false) => void navigate({ to: '.', search: ((before: Place) => ({ ...before, ...some })) as never, replace, resetScroll: false })
}
