// Events as people read them: who did what to what, and events that belong together as one change.
import { queryOptions } from '@tanstack/react-query'
import { client, take } from '@/api/client'
import type { Event } from '@/api/feed'
import type { Problem } from '@/api/problem'
import { t, tOr } from '@/i18n'

/** What an event is about, by the name that it carries; else by the name that somebody knows for its id. */
export function subject(event: Event, known?: (id: string) => string | undefined): string {
  const data = event.data as Record<string, unknown>
  for (const key of ['name', 'username', 'subject', 'host', 'address', 'to_address', 'service', 'domain', 'note', 'finding']) if (typeof data[key] === 'string' && data[key]) return data[key]
  if (typeof data.seq === 'number') return `#${data.seq}`
  const id = typeof data.id === 'string' ? data.id : event.stream.slice(event.stream.indexOf('-') + 1)
  return known?.(id) ?? ''
}

/** "added the device laptop". An event that nobody has written words for is called by its name. */
export function phrase(event: Event, known?: (id: string) => string | undefined): string {
  return tOr(`event.${event.type}`, event.type, { subject: subject(event, known) }).trim()
}

/** "user:ada" -> "ada"; the system and the agents keep a word of their own. */
export function who(actor: string): string {
  const [kind, name] = [actor.slice(0, actor.indexOf(':')), actor.slice(actor.indexOf(':') + 1)]
  if (kind === 'user') return name
  if (kind === 'token') return t('actor.token')
  if (kind === 'agent') return t('actor.agent')
  if (kind === 'local') return t('actor.local', { name })
  return tOr(`actor.${actor}`, actor)
}

export interface ChangeOf {
  id: string
  first: Event
  last: Event
  events: Event[]
}

/** Neighbours with the same change id are one change. Newest first in, newest first out. */
export function grouped(events: Event[]): ChangeOf[] {
  const found: ChangeOf[] = []
  for (const event of events) {
    const before = found.at(-1)
    if (before && event.change_id && before.id === event.change_id) {
      before.events.unshift(event)
      before.first = event
    } else found.push({ id: event.change_id ?? event.id, first: event, last: event, events: [event] })
  }
  return found
}

export interface Filter {
  type?: string | undefined
  stream?: string | undefined
  actor?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

const page = 1000

/** Events after `after`, oldest first, to the end of the page. */
export const readEvents = (after: number, limit: number, filter: Filter = {}): Promise<Event[]> =>
  take(client.GET('/events', { params: { query: { after, limit: Math.min(limit, page), ...filter } } })).then((answer) => answer.items)

const step = 200
const widest = 20_000

/**
 * Backwards from `before`, although the log is read forwards: windows that widen while a filter finds little.
 * `next` is where to go on, 0 at the beginning of the log.
 */
export async function readBack(before: number, filter: Filter, read = readEvents): Promise<{ events: Event[]; next: number }> {
  const events: Event[] = []
  let high = before
  let size = step
  while (high > 1 && events.length < step / 2) {
    const low = Math.max(high - 1 - size, 0)
    const window: Event[] = []
    let after = low
    for (;;) {
      const got = await read(after, page, filter)
      window.push(...got.filter(({ seq }) => seq < high))
      if (got.length < page || got.at(-1)!.seq >= high - 1) break
      after = got.at(-1)!.seq
    }
    events.push(...window.reverse())
    high = low + 1
    size = Math.min(size * 4, widest)
  }
  return { events, next: high > 1 ? high : 0 }
}

export const eventAt = (seq: number) =>
  queryOptions<Event | null, Problem>({
    queryKey: ['/events', 'one', seq],
    staleTime: Infinity,
    queryFn: async () => (await readEvents(seq - 1, 1))[0] ?? null,
  })

/** The newest so many. */
export const recent = (count: number, head: number) =>
  queryOptions<Event[], Problem>({
    queryKey: ['/events', 'recent', count, head],
    enabled: head > 0,
    queryFn: async () => (await readEvents(Math.max(head - count, 0), count)).filter(({ seq }) => seq <= head).reverse(),
    placeholderData: (before) => before,
  })

/** Every event of a change, found from any of its events. Changes are contiguous. */
export const changeAround = (seq: number) =>
  queryOptions<ChangeOf | null, Problem>({
    queryKey: ['/events', 'change', seq],
    staleTime: Infinity,
    queryFn: async () => {
      const around = await readEvents(Math.max(seq - step, 0), 2 * step)
      return grouped([...around].reverse()).find((one) => one.events.some((event) => event.seq === seq)) ?? null
    },
  })
