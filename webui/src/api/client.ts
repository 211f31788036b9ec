// The one place that talks HTTP. Types come from the API's own description (gen/), so a call that the daemon does not
// know does not compile. An answer that nobody is signed in means that the session is over: whoever listens asks to sign in
// again, over the page, so that what was typed stays. (A wrong password or code is a 401 too, and no such answer.)
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './gen/schema'
import { Problem, asProblem, problemOf } from './problem'

export type Schemas = components['schemas']
export const base = '/api/v1'

let csrf = ''
export const setCsrf = (token: string | undefined) => {
  csrf = token ?? ''
}

type Ended = () => void
const ended = new Set<Ended>()
export const onSignedOut = (told: Ended) => {
  ended.add(told)
  return () => void ended.delete(told)
}

const isOver = (problem: Problem) => problem.status === 401 && problem.code === 'unauthenticated'

const access: Middleware = {
  onRequest({ request }) {
    if (csrf && request.method !== 'GET') request.headers.set('X-CSRF-Token', csrf)
    return request
  },
  async onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/session' && isOver(problemOf(401, await response.clone().json().catch(() => null)))) ended.forEach((told) => told())
    return undefined
  },
}

export const client = createClient<paths>({ baseUrl: base })
client.use(access)

type Answer<T> = { data?: T; error?: unknown; response: Response }

/** The answer's data, or a Problem thrown. */
export async function take<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await takeWhole(call)).data
}

export async function takeWhole<T>(call: Promise<Answer<T>>): Promise<{ data: T; response: Response }> {
  let answer: Answer<T>
  try {
    answer = await call
  } catch (error) {
    throw asProblem(error)
  }
  if (!answer.response.ok) {
    if (answer.response.status === 502 || answer.response.status === 504) throw new Problem(0, 'unreachable', '', '')
    throw problemOf(answer.response.status, answer.error)
  }
  return { data: answer.data as T, response: answer.response }
}

/** What goes with every call that changes something, for those who make one by themselves. */
export const proof = (): Record<string, string> => (csrf ? { 'X-CSRF-Token': csrf } : {})

/** A problem that has come: whoever listens for the session's end is told. */
export function noted(problem: Problem): Problem {
  if (isOver(problem)) ended.forEach((told) => told())
  return problem
}

/** A call whose answer comes as it is, refused or not. Thrown: nobody answers. */
export async function call(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers)
  if (init.method && init.method !== 'GET') for (const [name, value] of Object.entries(proof())) headers.set(name, value)
  try {
    return await fetch(url, { ...init, headers })
  } catch (error) {
    if (error instanceof DOMException) throw error
    throw asProblem(error)
  }
}

/** For what is not JSON: files, images, texts. */
export async function raw(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await call(base + path, init)
  if (response.ok) return response
  throw noted(problemOf(response.status, await response.json().catch(() => null)))
}
