// Before the app: is the cell claimed, and who is here? Once somebody was signed in the app stays where it is, whatever
// happens to the session: the way back in is a dialog over it, and nothing typed is lost.
import { useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Suspense, lazy, useEffect, useRef } from 'react'
import { theFeed } from '@/api/feed'
import { maySession, sessionQuery, setupQuery } from '@/api/session'
import { t } from '@/i18n'
import { Dialog } from '@/kit/dialog'
import { Failed } from '@/kit/page'
import { Toasts } from '@/kit/toast'
import { Spinner } from '@/kit/ui'
import { router } from '@/router'
import { SignIn, SignInForm } from './sign-in'

const SetUp = lazy(() => import('./set-up'))
const Join = lazy(() => import('./join'))

/** How often the pages of those ask anew whom the feed is not for: it tells of everything, and they see only their own. */
const own_refresh_ms = 5000

export function Gate() {
  const setup = useQuery(setupQuery)
  const session = useQuery(sessionQuery)
  const was = useRef(false)
  const here = !!session.data
  if (here) was.current = true

  const mayFollow = maySession(session.data ?? null, 'get', '/stream')
  useEffect(() => {
    if (!here) return
    if (!mayFollow) {
      const timer = setInterval(() => document.visibilityState === 'visible' && theFeed().changed(), own_refresh_ms)
      return () => clearInterval(timer)
    }
    theFeed().open()
    return () => theFeed().close()
  }, [here, mayFollow])

  const trouble = setup.error ?? (was.current ? null : session.error)
  if (!setup.data || (setup.data.claimed && session.data === undefined)) {
    return <main className="flex min-h-dvh items-center justify-center">{trouble ? <Failed problem={trouble} retry={() => void (setup.error ? setup.refetch() : session.refetch())} /> : <Spinner />}</main>
  }
  if (!setup.data.claimed) {
    return (
      <Suspense fallback={<Spinner />}>
        <SetUp />
      </Suspense>
    )
  }
  if (!here && !was.current) {
    return location.pathname === '/join' ? (
      <Suspense fallback={<Spinner />}>
        <Join />
      </Suspense>
    ) : (
      <SignIn />
    )
  }
  return (
    <>
      <RouterProvider router={router} />
      {!here && (
        <Dialog title={t('signin.again')} subtitle={t('signin.again.text')} onClose={() => undefined} closable={false}>
          <SignInForm />
        </Dialog>
      )}
      <Toasts />
    </>
  )
}
