import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { client, setCsrf, take } from '@/api/client'
import { sessionQuery, tellTabs, type Session } from '@/api/session'
import { t } from '@/i18n'
import { Credentials } from './credentials'
import { Mark } from './mark'

/** Whoever has a session by now is in, in all tabs. */
export function useEnter() {
  const queries = useQueryClient()
  return (session: Session) => {
    setCsrf(session.csrf_token)
    queries.setQueryData(sessionQuery.queryKey, session)
    tellTabs('in')
    void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== '/session' })
  }
}

export function SignInForm() {
  const enter = useEnter()
  return <Credentials submit={t('signin.submit')} send={async (who) => enter(await take(client.POST('/session', { body: who })))} />
}

/** A card on an otherwise empty page, for whoever is not in yet. */
export const Door = ({ title, text, children }: { title: string; text?: ReactNode; children: ReactNode }) => (
  <main className="flex min-h-dvh flex-col items-center justify-center gap-6 p-4">
    <div className="flex max-w-md flex-col items-center gap-3 text-center">
      <Mark className="size-12" />
      <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
      {text && <p className="text-soft">{text}</p>}
    </div>
    <div className="w-full max-w-sm rounded-2xl border border-line bg-surface p-6 shadow-low">{children}</div>
  </main>
)

export const SignIn = () => (
  <Door title={t('product')}>
    <SignInForm />
  </Door>
)
