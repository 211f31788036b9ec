// A change, as data: it can be rehearsed, committed, tried again under the same idempotency key when the line broke in
// between, and told about, all without asking the form again.
import { client, takeWhole, type Schemas } from './client'
import calls from './gen/calls.json'
import own from './gen/own.json'
import type { paths } from './gen/schema'

export type Method = 'post' | 'put' | 'patch' | 'delete'
type With<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, object> ? ([paths[P][M]] extends [undefined] ? never : P) : never }[keyof paths]
type BodyOf<P extends keyof paths, M extends Method> = paths[P] extends Record<M, { requestBody?: infer B }>
  ? NonNullable<B> extends { content: { 'application/json': infer T } }
    ? T
    : undefined
  : undefined

export interface Change {
  method: Method
  path: string
  params?: Record<string, string | number> | undefined
  body?: unknown
  /** The version of the stream that the change was made against. */
  version?: number | undefined
  /** Seconds within which it has to be confirmed, or it is taken back. */
  confirmWithin?: number | undefined
  /** The body's media type where it is not JSON. */
  media?: string
  /** One to a change, kept over its retries. */
  key: string
}

interface Parts<B> {
  params?: Record<string, string | number>
  body?: B
  version?: number
}

export const change = <M extends Method, P extends With<M>>(method: M, path: P, parts: Parts<BodyOf<P, M>> = {}): Change => ({
  method,
  path,
  key: newKey(),
  ...parts,
})

/** Several commands, all or none, undone as one. */
export const changeSet = (commands: Schemas['Command'][], note?: string): Change =>
  change('post', '/changes', { body: { commands, ...(note && { note }) } })

/** The same for a path that is only known when the page runs. */
export const changeAt = (method: Method, path: string, parts: Omit<Change, 'method' | 'path' | 'key'> = {}): Change => ({ method, path, key: newKey(), ...parts })

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface Done {
  seq: number
  resource?: Record<string, unknown> | undefined
  resources?: (Record<string, unknown> | null)[] | undefined
}

const call = client.request as (method: Method, path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>

const parts = (one: Change, query: object, headers: object) => ({
  params: { path: one.params, query, header: { ...headers, ...(one.version !== undefined && { 'If-Match': `"${one.version}"` }), ...(one.confirmWithin && { 'Pic-Confirm-Within': String(one.confirmWithin) }) } },
  ...(one.body !== undefined && { body: one.body }),
  ...(one.media && { headers: { 'Content-Type': one.media }, bodySerializer: (body: unknown) => body }),
})

export async function commit(one: Change): Promise<Done> {
  const { data, response } = await takeWhole(call(one.method, one.path, parts(one, {}, { 'Idempotency-Key': one.key })))
  const answer = (data ?? {}) as Partial<Done>
  return { seq: answer.seq ?? Number(response.headers.get('X-Pic-Seq') ?? 0), resource: answer.resource, resources: answer.resources }
}

export type Plan = Schemas['DryRun']

export async function rehearse(one: Change): Promise<Plan> {
  const { data } = await takeWhole(call(one.method, one.path, parts(one, { dry_run: true }, {})))
  return { events: [], artefacts: [], ...(data as Partial<Plan>) }
}

const scopes = calls as Record<string, string>

/** The right that a call needs. */
export const scopeOf = (method: string, path: string): string | undefined => scopes[`${method} ${path}`]

/** Whether everybody may make this call for what is their own. */
export const isForOwn = (method: string, path: string): boolean => (own as string[]).includes(`${method} ${path}`)

/** Whether these rights include that one: area:read, area:write (which reads too), *:read, *:write, *. */
export function allows(granted: readonly string[], wanted: string | undefined): boolean {
  if (!wanted || wanted === 'public' || wanted === 'session' || granted.includes('*')) return true
  const [area, verb] = wanted.split(':') as [string, string]
  const verbs = verb === 'read' ? ['read', 'write'] : [verb]
  return verbs.some((v) => granted.includes(`${area}:${v}`) || granted.includes(`*:${v}`))
}
