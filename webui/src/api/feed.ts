// The live feed: one websocket for all of a tab's pages. It resumes from the last sequence it saw, so that nothing that
// happened while the line was down is missed; events make queries ask anew (at most a few times a second, however much
// happens), a service's status goes straight into the cache. Polling was rejected: two browsers would differ by its period.
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { base, type Schemas } from './client'

export type Event = Schemas['Event']
export type Service = Schemas['Service']
export type Line = 'connecting' | 'live' | 'lost'
export interface FeedState {
  line: Line
  /** The last sequence there is, as far as the feed has told; 0: not yet known. */
  head: number
  /** When the line was lost. */
  lostAt?: number | undefined
}

type Message = { kind: 'event'; event: Event } | { kind: 'status'; service: Service } | { kind: 'status'; live: { service: string; table: string } } | { kind: 'caught_up'; seq: number }

const first_wait = 400
const longest_wait = 5000
const refresh_every = 250
/** Handshakes refused in a row after which the place to resume from is in doubt, as after another log was restored. */
const doubt_after = 4

const liveQuery = '/services/{service}/live'
const trafficQuery = '/peers/{id}/traffic'
/** Whose tables tell of the devices' traffic. */
const traffic_service = 'wireguard'
const logQuery = '/services/{service}/logs'

/** What no event changes, or what follows events by itself. */
const unmoved = new Set<string>([liveQuery, trafficQuery, logQuery, '/session', '/sessions', '/setup', '/audit/verify', '/access-log', '/findings'])
/** The second word of a query's key that follows the feed by itself. */
export const followed = 'log'

/** The wait before the next attempt: doubling, bounded, and not the same for all who lost the line together. */
export const backoff = (attempt: number, random = Math.random()) => Math.min(first_wait * 2 ** attempt, longest_wait) * (0.75 + random / 2)

export class Feed {
  private state: FeedState = { line: 'connecting', head: 0 }
  private readonly watchers = new Set<() => void>()
  private readonly followers = new Set<(event: Event) => void>()
  private socket: WebSocket | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private refresh: ReturnType<typeof setTimeout> | undefined
  private refreshLive: ReturnType<typeof setTimeout> | undefined
  /** Which services have told of tables, or of lines, since. */
  private readonly moved = new Set<string>()
  private attempt = 0
  private caughtUp = false
  private resume = true

  constructor(
    private readonly queries: QueryClient,
    private readonly signedOut: () => void,
  ) {}

  readonly snapshot = () => this.state
  readonly watch = (told: () => void) => {
    this.watchers.add(told)
    return () => void this.watchers.delete(told)
  }
  readonly follow = (told: (event: Event) => void) => {
    this.followers.add(told)
    return () => void this.followers.delete(told)
  }

  open() {
    if (this.socket) return
    clearTimeout(this.retry)
    const after = this.state.head && this.resume ? `?after=${this.state.head}` : ''
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(`${scheme}//${location.host}${base}/stream${after}`)
    this.socket = socket
    this.caughtUp = false
    socket.onmessage = (message) => this.take(JSON.parse(message.data as string) as Message)
    socket.onclose = (closed) => {
      if (this.socket !== socket) return
      this.socket = null
      this.lost(closed.code)
    }
  }

  close() {
    clearTimeout(this.retry)
    const socket = this.socket
    this.socket = null
    socket?.close()
    this.set({ line: 'connecting', head: 0, lostAt: undefined })
  }

  /** Now rather than after the wait: the machine woke up, the network is back, or somebody pressed the button. */
  readonly hurry = () => {
    if (this.socket || this.state.line === 'live') return
    this.attempt = 0
    this.open()
  }

  /** A command's answer may be ahead of the feed; its own queries are asked anew at once. */
  readonly changed = () => void this.queries.invalidateQueries()

  private lost(code: number) {
    const policy = 1008
    if (code === policy) this.signedOut()
    this.set({ line: 'lost', lostAt: this.state.lostAt ?? Date.now() })
    // Without a place it begins at the head, and whoever was cut off asks for everything anew anyway.
    if (this.attempt >= doubt_after) this.resume = false
    this.retry = setTimeout(() => this.open(), backoff(this.attempt++))
    // A refused handshake does not say why: the session query finds out whether it is the session.
    void this.queries.invalidateQueries({ queryKey: ['/session'] })
  }

  private take(message: Message) {
    if (message.kind === 'event') {
      this.set({ head: Math.max(this.state.head, message.event.seq) })
      this.followers.forEach((told) => told(message.event))
      if (this.caughtUp) this.refreshSoon()
    } else if (message.kind === 'status' && 'live' in message) {
      // A table that a service's agent tells of, often several at once: whoever shows one asks anew.
      this.moved.add(`${message.live.table === 'log' ? logQuery : liveQuery} ${message.live.service}`)
      this.refreshLiveSoon()
    } else if (message.kind === 'status') {
      this.queries.setQueriesData<Service[]>({ queryKey: ['/services'] }, (known) => withService(known, message.service))
      // An answer that is under way may be older than this, and would be taken for newer.
      if (this.queries.isFetching({ queryKey: ['/services'] })) void this.queries.invalidateQueries({ queryKey: ['/services'] })
    } else {
      this.caughtUp = true
      this.attempt = 0
      const was = this.state.line
      this.set({ line: 'live', head: this.resume ? Math.max(this.state.head, message.seq) : message.seq, lostAt: undefined })
      this.resume = true
      if (was === 'lost') void this.queries.invalidateQueries()
    }
  }

  private refreshSoon() {
    this.refresh ??= setTimeout(() => {
      this.refresh = undefined
      void this.queries.invalidateQueries({ predicate: ({ queryKey: [path, what] }) => !unmoved.has(String(path)) && what !== followed })
    }, refresh_every)
  }

  private refreshLiveSoon() {
    this.refreshLive ??= setTimeout(() => {
      this.refreshLive = undefined
      for (const one of this.moved) {
        const [path, service] = one.split(' ') as [string, string]
        void this.queries.invalidateQueries({ queryKey: [path, { path: { service } }] })
        if (path === liveQuery && service === traffic_service) void this.queries.invalidateQueries({ queryKey: [trafficQuery] })
      }
      this.moved.clear()
    }, refresh_every)
  }

  private set(some: Partial<FeedState>) {
    this.state = { ...this.state, ...some }
    this.watchers.forEach((told) => told())
  }
}

/** The list with this service as it is now. */
export function withService(known: Service[] | undefined, service: Service): Service[] | undefined {
  if (!known) return known
  return known.some((one) => one.name === service.name) ? known.map((one) => (one.name === service.name ? service : one)) : [...known, service]
}

let feed: Feed
export const setFeed = (made: Feed) => {
  feed = made
}
export const theFeed = () => feed
export const useFeed = (): FeedState => useSyncExternalStore(feed.watch, feed.snapshot)
