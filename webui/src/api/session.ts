// Who is signed in, shared by all tabs: signing out in one tells the others, and a refused call tells this one.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { allows, isForOwn, scopeOf } from './change'
import { client, setCsrf, take, type Schemas } from './client'
import { Problem } from './problem'

export type Session = Schemas['SessionState']

const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('pic.session')
export const tellTabs = (what: 'in' | 'out') => tabs?.postMessage(what)
export const onTabs = (told: (what: 'in' | 'out') => void) => {
  if (tabs) tabs.onmessage = (message) => told(message.data as 'in' | 'out')
}

/** null: signed out. */
export const sessionQuery = queryOptions<Session | null, Problem>({
  queryKey: ['/session'],
  staleTime: Infinity,
  queryFn: async () => {
    try {
      const session = await take(client.GET('/session'))
      setCsrf(session.csrf_token)
      return session
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.code === 'setup_required')) return null
      throw error
    }
  },
})

export const setupQuery = queryOptions<Schemas['SetupState'], Problem>({
  queryKey: ['/setup'],
  staleTime: Infinity,
  queryFn: () => take(client.GET('/setup')),
})

let last: Session | null = null

/** Whoever is signed in, or was until a moment ago: a session that ended elsewhere must not take a half-filled form away. */
export function useSession(): Session | null {
  const session = useQuery(sessionQuery).data
  if (session) last = session
  return session ?? last
}

/** True where a page shows nothing but one's own: there everybody may do more than their role says. */
export const Own = createContext(false)

export const maySession = (session: Session | null, method: string, path: string): boolean => session !== null && allows(session.scopes, scopeOf(method, path))

/** Whether whoever is signed in may make this call. */
export function useMay(method: string, path: string): boolean {
  const session = useSession()
  const own = useContext(Own)
  return maySession(session, method, path) || (own && session !== null && isForOwn(method, path))
}

/** The same outside of a component, as of now. */
export const mayNow = (method: string, path: string): boolean => maySession(last, method, path)
