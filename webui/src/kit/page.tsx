// What every page stands on: its heading, and what a query looks like while it is asked, when it failed, and when there is
// nothing. A page never writes these itself, so they look alike and none is forgotten.
import type { UseQueryResult } from '@tanstack/react-query'
import { Inbox, PlugZap, RotateCw, type LucideIcon } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import type { Problem } from '@/api/problem'
import { useMay } from '@/api/session'
import { useAt } from '@/api/time'
import { t } from '@/i18n'
import { Button } from './ui'

export function Page({ title, lead, actions, children }: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${t('product')}`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-6xl flex-col gap-5 px-4 py-6 sm:px-6 lg:px-8">
      <header className="flex flex-wrap items-end justify-between gap-x-4 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
          {lead && <p className="mt-1 max-w-2xl text-soft">{lead}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Empty({ icon: Icon = Inbox, title, children, action }: { icon?: LucideIcon; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-12 text-center">
      <span className="mb-1 flex size-12 items-center justify-center rounded-2xl bg-accent-soft text-accent-text">
        <Icon aria-hidden className="size-6" />
      </span>
      <p className="font-semibold">{title}</p>
      {children && <div className="max-w-md text-sm text-soft">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  )
}

export function Failed({ problem, retry }: { problem: Problem; retry?: () => void }) {
  return (
    <div role="alert">
      <Empty
        icon={PlugZap}
        title={problem.offline ? t('problem.unreachable') : problem.title || t('problem.unknown')}
        action={
          retry && (
            <Button icon={RotateCw} onClick={retry}>
              {t('retry')}
            </Button>
          )
        }
      >
        {problem.offline ? t('problem.catching_up') : problem.detail}
      </Empty>
    </div>
  )
}

const bars = ['w-2/5', 'w-3/5', 'w-1/2', 'w-1/3']
export const Skeleton = ({ rows = 4 }: { rows?: number }) => (
  <div role="status" aria-label={t('loading')} className="flex animate-breathe flex-col gap-4 p-5">
    {Array.from({ length: rows }, (_, at) => (
      <div key={at} className={`h-4 rounded bg-sunken ${bars[at % bars.length]}`} />
    ))}
  </div>
)

/** A query's data, or what stands in for it. Data that is there is shown even while the line is down. */
export function Loaded<T>({ query, children, rows }: { query: UseQueryResult<T, Problem>; children: (data: T) => ReactNode; rows?: number }) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error) return <Failed problem={query.error} retry={() => void query.refetch()} />
  return <Skeleton {...(rows && { rows })} />
}

/** Why nothing can be changed here now, or undefined. */
export function useBlocked(method: string, path: string): string | undefined {
  const at = useAt()
  const may = useMay(method, path)
  if (at !== undefined) return t('blocked.past')
  return may ? undefined : t('blocked.rights')
}
