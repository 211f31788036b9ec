// Reading. A query is named by its path, so a page says get('/peers') and has the types, the cache, the moment (`?at=`)
// and the refreshing by the feed. Lists are read to their end: a cell has a thousand devices, not a million, and search,
// sorting and counting are then instant.
import { queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { client, take } from './client'
import type { paths } from './gen/schema'
import type { Problem } from './problem'
import { useAt } from './time'

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never
export type Got<P extends keyof paths> = paths[P] extends { get: { responses: { 200: infer R } } } ? Json<R> : never
export type GetPath = { [P in keyof paths]: [Got<P>] extends [never] ? never : P }[keyof paths]
export type Item<P extends GetPath> = Got<P> extends { items: (infer I)[] } ? I : never
export type ListPath = { [P in GetPath]: [Item<P>] extends [never] ? never : P }[GetPath]

export interface Params {
  path?: Record<string, string | number>
  query?: Record<string, string | number | boolean | undefined>
}

/** What the API can answer as of a moment; the rest (sessions, live state) is always as it is now. */
const timeless = new Set<string>(['/containers', '/containers/{name}/logs', '/containers/{name}/stats', '/session', '/sessions', '/setup', '/findings', '/access-log', '/services', '/services/{service}', '/services/{service}/live', '/services/{service}/logs', '/peers/{id}/traffic', '/audit/verify', '/events', '/diff', '/changes/waiting'])

const call = client.request as (method: 'get', path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>

export function get<P extends GetPath>(path: P, params: Params = {}, at?: number) {
  const moment = timeless.has(path) ? undefined : at
  return queryOptions<Got<P>, Problem>({
    queryKey: [path, params, moment ?? 'now'],
    queryFn: ({ signal }) => take(call('get', path, { params: { path: params.path, query: { ...params.query, at: moment } }, signal })) as Promise<Got<P>>,
  })
}

const page = 1000
/** Lists that are never long, and take no limit. */
export const unpaged = new Set<string>(['/sessions', '/services', '/services/{service}/live', '/services/{service}/drift', '/artefacts', '/findings', '/containers'])

export function list<P extends ListPath>(path: P, params: Params = {}, at?: number) {
  const moment = timeless.has(path) ? undefined : at
  const paged = !unpaged.has(path)
  return queryOptions<Item<P>[], Problem>({
    queryKey: [path, params, moment ?? 'now', 'all'],
    queryFn: async ({ signal }) => {
      const items: Item<P>[] = []
      let cursor: string | undefined
      do {
        const query = { ...params.query, at: moment, cursor, ...(paged && { limit: page }) }
        const got = (await take(call('get', path, { params: { path: params.path, query }, signal }))) as { items: Item<P>[]; next_cursor: string | null }
        items.push(...got.items)
        cursor = got.next_cursor ?? undefined
      } while (cursor)
      return items
    },
  })
}

/** While another moment is fetched, the one before stays on the page: dragging through time does not flicker. */
const keepMoment = (key: readonly unknown[]) =>
  ((before: unknown, query?: { queryKey: readonly unknown[] }) =>
    query && query.queryKey[0] === key[0] && JSON.stringify(query.queryKey[1]) === JSON.stringify(key[1]) ? before : undefined) as never

/** As of the moment that the page shows. */
export function useGet<P extends GetPath>(path: P, params: Params = {}): UseQueryResult<Got<P>, Problem> {
  const options = get(path, params, useAt())
  return useQuery({ ...options, placeholderData: keepMoment(options.queryKey) })
}
export function useList<P extends ListPath>(path: P, params: Params = {}): UseQueryResult<Item<P>[], Problem> {
  const options = list(path, params, useAt())
  return useQuery({ ...options, placeholderData: keepMoment(options.queryKey) })
}
