// The places of the app. What a page shows (the moment, what is open, which tab) stands in the address, so every view can
// be linked to and Back does what one expects.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { pages } from './services/registry'
import { NotFound, Shell } from './shell/shell'

export interface Place {
  at?: number | undefined
  open?: string | undefined
  tab?: string | undefined
  q?: string | undefined
  from?: number | undefined
  to?: number | undefined
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined)
const sequence = (value: unknown) => (Number.isSafeInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined)

export function place(search: Record<string, unknown>): Place {
  const found: Place = { at: sequence(search.at), open: text(search.open), tab: text(search.tab), q: text(search.q), from: sequence(search.from), to: sequence(search.to) }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch: place })
const routes = pages.map((page) => createRoute({ getParentRoute: () => root, path: page.path, component: lazyRouteComponent(page.load) }))

export const router = createRouter({ routeTree: root.addChildren(routes), defaultPreload: 'intent', scrollRestoration: true })
