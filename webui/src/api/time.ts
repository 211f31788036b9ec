// The moment that a page shows. It stands in the address (?at=12), so a page of the past can be linked to, and Back works.
import { useNavigate, useSearch } from '@tanstack/react-router'

export interface Search {
  at?: number | undefined
}

export function useAt(): number | undefined {
  return useSearch({ strict: false, select: (search: Search) => search.at })
}

export function useSetAt() {
  const navigate = useNavigate()
  return (at: number | undefined) => navigate({ to: '.', search: (search: object) => ({ ...search, at }) as never, replace: true, resetScroll: false })
}
