// What stays while pages change: where one is, where one can go, whether the line is up, and which moment is shown.
import { useQuery } from '@tanstack/react-query'
import { Link, Navigate, Outlet, useRouterState } from '@tanstack/react-router'
import { Clock, Lock, Menu as MenuIcon, Search, WifiOff, X } from 'lucide-react'
import { Suspense, lazy, useEffect, useState } from 'react'
import { useFeed, theFeed } from '@/api/feed'
import { get } from '@/api/query'
import { useMay, useSession } from '@/api/session'
import { useAt } from '@/api/time'
import { t, type Key } from '@/i18n'
import { useAsked } from '@/kit/fresh'
import { Empty, Skeleton } from '@/kit/page'
import { Button, IconButton, Kbd, cx } from '@/kit/ui'
import { isOpenTo, pages, pagesOf, type Entry } from '@/services/registry'
import { Account } from './account'
import { Mark } from './mark'

const TimeBar = lazy(() => import('./time-bar'))
const Palette = lazy(() => import('./palette'))
const Waiting = lazy(() => import('./waiting'))
const StepUp = lazy(() => import('./step-up'))
const onApple = /mac|iphone|ipad/i.test(navigator.userAgent)

const grouped = (open: Entry[]) =>
  open.reduce<{ title: Key | undefined; pages: Entry[] }[]>((found, page) => {
    const last = found.at(-1)
    if (last && last.title === page.group) last.pages.push(page)
    else found.push({ title: page.group, pages: [page] })
    return found
  }, [])

function Navigation({ onPick }: { onPick?: () => void }) {
  const path = useRouterState({ select: (state) => state.location.pathname })
  const at = useAt()
  const groups = grouped(pagesOf(useSession()))
  return (
    <div className="-mx-1 flex min-h-0 flex-col gap-2.5 overflow-y-auto px-1 pb-2">
      {groups.map(({ title, pages: of }) => (
        <div key={title ?? ''}>
          {title && (
            <p id={title} className="px-3 pb-1 text-xs font-medium text-soft">
              {t(title)}
            </p>
          )}
          <ul aria-labelledby={title} className="flex flex-col gap-0.5">
            {of.map(({ path: to, title, icon: Icon }) => {
              const here = to === '/' ? path === '/' : path.startsWith(to)
              return (
                <li key={to}>
                  <Link
                    to={to}
                    search={(at ? { at } : {}) as never}
                    onClick={onPick}
                    aria-current={here ? 'page' : undefined}
                    className={cx('flex min-h-8 items-center gap-3 rounded-lg px-3 text-sm font-medium transition-colors max-lg:min-h-10', here ? 'bg-accent-soft text-accent-text' : 'text-soft hover:bg-sunken hover:text-ink')}
                  >
                    <Icon aria-hidden className="size-[1.125rem] shrink-0" />
                    {t(title)}
                  </Link>
                </li>
              )
            })}
          </ul>
        </div>
      ))}
    </div>
  )
}

function Connection() {
  const { line, lostAt } = useFeed()
  // A blink is not worth a banner.
  const [told, setTold] = useState(false)
  useEffect(() => {
    if (line !== 'lost') return setTold(false)
    const timer = setTimeout(() => setTold(true), 600)
    return () => clearTimeout(timer)
  }, [line, lostAt])
  return (
    <div role="status" aria-live="polite">
      {told && (
        <div data-offline className="flex flex-wrap items-center justify-center gap-3 bg-warn-soft px-4 py-2 text-sm text-warn">
          <WifiOff aria-hidden className="size-4" />
          <span>{t('line.lost')}</span>
          <Button small onClick={theFeed().hurry}>
            {t('line.retry')}
          </Button>
        </div>
      )}
    </div>
  )
}

function LiveDot() {
  const { line } = useFeed()
  const words = line === 'live' ? t('line.live') : line === 'lost' ? t('line.off') : t('line.connecting')
  return (
    <span data-line={line} className="hidden items-center gap-1.5 text-xs text-soft md:inline-flex">
      <span aria-hidden className={cx('size-2 rounded-full', line === 'live' ? 'bg-accent' : line === 'lost' ? 'bg-warn' : 'animate-breathe bg-line-strong')} />
      {words}
    </span>
  )
}

/** The page, if it is for whoever is here. The front page of those who run nothing is their own. */
function Inside() {
  const path = useRouterState({ select: (state) => state.location.pathname })
  const session = useSession()
  const page = pages.find((one) => one.path === path)
  if (!page || !session || isOpenTo(page, session)) return <Outlet />
  if (path === '/') return <Navigate to="/me" replace />
  return (
    <Empty icon={Lock} title={t('notforyou')}>
      {t('notforyou.text')}
    </Empty>
  )
}

export function Shell() {
  const [palette, setPalette] = useState(false)
  const [drawer, setDrawer] = useState(false)
  const [slider, setSlider] = useState(false)
  const at = useAt()
  const session = useSession()
  const mayLook = useMay('get', '/events')
  const cell = useQuery({ ...get('/cell', {}, at), enabled: useMay('get', '/cell') }).data
  const asked = useAsked()
  const mayWait = useMay('get', '/changes/waiting')

  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setPalette((open) => !open)
      }
    }
    addEventListener('keydown', key)
    return () => removeEventListener('keydown', key)
  }, [])

  return (
    <div className="flex min-h-dvh">
      <a href="#main" className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        {t('skip')}
      </a>
      <nav
        aria-label={t('nav')}
        className={cx('fixed inset-y-0 left-0 z-40 flex w-60 flex-col gap-4 border-r border-line bg-surface p-3 lg:sticky lg:top-0 lg:z-10 lg:flex lg:h-dvh', drawer ? 'animate-rise shadow-high' : 'max-lg:hidden')}
      >
        <div className="flex items-center gap-2.5 px-2 pt-1.5">
          <Mark />
          <div className="min-w-0 flex-1 leading-tight">
            <p className="truncate text-sm font-semibold">{cell?.name ?? session?.cell_name ?? t('product.short')}</p>
            <p className="truncate text-xs text-soft">{cell?.domain ?? session?.domain ?? ' '}</p>
          </div>
          <IconButton className="lg:hidden" label={t('close')} icon={X} onClick={() => setDrawer(false)} />
        </div>
        <Navigation onPick={() => setDrawer(false)} />
      </nav>
      {drawer && <div className="fixed inset-0 z-30 bg-black/40 lg:hidden" onClick={() => setDrawer(false)} aria-hidden />}
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-14 items-center gap-1.5 border-b border-line bg-surface/95 px-3 backdrop-blur sm:px-4">
          <IconButton className="lg:hidden" label={t('nav.open')} icon={MenuIcon} aria-expanded={drawer} onClick={() => setDrawer(true)} />
          <button
            type="button"
            onClick={() => setPalette(true)}
            className="flex min-h-10 min-w-0 flex-1 items-center gap-2 rounded-lg border border-line bg-ground px-3 text-sm text-soft hover:border-line-strong sm:min-h-9 sm:max-w-xs"
          >
            <Search aria-hidden className="size-4 shrink-0" />
            <span className="truncate">{t('palette.open')}</span>
            <span className="ml-auto hidden sm:inline">
              <Kbd>{onApple ? '⌘K' : 'Ctrl K'}</Kbd>
            </span>
          </button>
          <span className="ml-auto" />
          {mayLook && (
            <>
              <LiveDot />
              <IconButton label={t('time.open')} icon={Clock} aria-pressed={slider || at !== undefined} look={at !== undefined ? 'primary' : 'quiet'} onClick={() => setSlider(!slider)} />
            </>
          )}
          <Account onPalette={() => setPalette(true)} />
        </header>
        <Connection />
        {mayWait && (
          <Suspense fallback={null}>
            <Waiting />
          </Suspense>
        )}
        {(slider || at !== undefined) && (
          <Suspense fallback={<div className="h-24 border-b border-line bg-surface" />}>
            <TimeBar onClose={() => setSlider(false)} />
          </Suspense>
        )}
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <Suspense fallback={<Skeleton rows={8} />}>
            <Inside />
          </Suspense>
        </main>
      </div>
      {asked && (
        <Suspense fallback={null}>
          <StepUp />
        </Suspense>
      )}
      {palette && (
        <Suspense fallback={null}>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  )
}

export const NotFound = () => <Empty title={t('notfound')}>{t('notfound.text')}</Empty>
