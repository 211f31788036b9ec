import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowRight, CircleCheckBig, MonitorSmartphone } from 'lucide-react'
import { memo, useEffect, useMemo } from 'react'
import { followed, theFeed, useFeed } from '@/api/feed'
import { useGet, useList } from '@/api/query'
import { useAt } from '@/api/time'
import { number, t, tOr } from '@/i18n'
import { Bars } from '@/kit/bars'
import { useIdle } from '@/kit/idle'
import { Empty, Loaded, Page, Skeleton } from '@/kit/page'
import { ServiceState } from '@/kit/service-state'
import { Callout, Card } from '@/kit/ui'
import { grouped, readEvents, recent } from '@/services/changes/events'
import { ChangeLine } from '@/services/changes/line'
import { useNames } from '@/services/changes/names'
import { isHere, usePeersLive } from '@/services/peers/live'
import { activity } from './activity'
import { attention } from './attention'
import { Findings, useFindings } from './findings'
import { Traffic } from './traffic'

const days = 14
const most = 1000

function Figure({ value, words, to }: { value: number | undefined; words: string; to: string }) {
  return (
    <Link to={to} className="group flex flex-col rounded-2xl border border-line bg-surface p-4 shadow-low transition-colors hover:border-line-strong sm:p-5">
      <span className="text-2xl font-semibold tracking-tight tabular-nums sm:text-3xl">{value === undefined ? '–' : number(value)}</span>
      <span className="mt-1 flex items-center justify-between gap-2 text-sm text-soft">
        {words} <ArrowRight aria-hidden className="size-4 opacity-0 transition-opacity group-hover:opacity-100" />
      </span>
    </Link>
  )
}

const Activity = memo(function Activity() {
  const { head } = useFeed()
  const idle = useIdle()
  const since = useMemo(() => new Date(Date.now() - days * 86_400_000).toISOString(), [])
  const queries = useQueryClient()
  const key = useMemo(() => ['/events', followed, 'since', since], [since])
  const query = useQuery({
    queryKey: key,
    enabled: head > 0 && idle,
    staleTime: Infinity,
    queryFn: async () => (await readEvents(Math.max(theFeed().snapshot().head - most, 0), most, { since })).map(({ at }) => at),
  })
  // Once read it is counted on, and not read again.
  useEffect(() => theFeed().follow((event) => queries.setQueryData<string[]>(key, (times) => times && [...times, event.at])), [key, queries])
  const shown = useMemo(() => activity(query.data ?? [], days, Date.now()), [query.data])
  return (
    <Card title={t('dashboard.activity', { days })}>
      <Bars label={t('dashboard.activity', { days })} times={shown.times} values={shown.counts} />
    </Card>
  )
})

export default function Dashboard() {
  const at = useAt()
  const { head } = useFeed()
  const services = useList('/services')
  const peers = useList('/peers')
  const records = useList('/dns/records').data
  const cell = useGet('/cell').data
  const known = useNames()
  const navigate = useNavigate()
  const live = usePeersLive()
  const newest = useQuery(recent(30, at ?? head))
  const findings = useFindings(services.data, at === undefined).data?.items ?? (at === undefined ? null : [])
  // What the page knows by itself does not wait for the daemon's findings; that all is well does.
  const wanting = peers.data ? attention({ peers: peers.data, endpoint: cell?.endpoint, now: Date.now() }) : null
  const isCalm = wanting?.length === 0 && !!findings?.every(({ ignored }) => ignored)
  return (
    <Page title={cell ? t('dashboard.title', { name: cell.name }) : t('nav.dashboard')} lead={t('dashboard.lead')}>
      <div className="grid grid-cols-2 gap-3 sm:gap-4 lg:grid-cols-4">
        <Figure value={peers.data?.length} words={t('dashboard.peers')} to="/peers" />
        {at === undefined ? (
          <Figure value={peers.data?.filter((peer) => isHere(live.get(peer.public_key), Date.now())).length} words={t('dashboard.here')} to="/peers" />
        ) : (
          <Figure value={peers.data?.filter(({ enabled }) => enabled).length} words={t('dashboard.enabled')} to="/peers" />
        )}
        <Figure value={records?.length} words={t('dashboard.records')} to="/network" />
        <Figure value={at ?? (head || undefined)} words={t('dashboard.events')} to="/changes" />
      </div>
      <div className="grid items-start gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="flex min-w-0 flex-col gap-5">
          <Card title={t('dashboard.attention')}>
            {wanting === null || (!wanting.length && !findings) ? (
              <Skeleton rows={2} />
            ) : (
              <div className="flex flex-col gap-3">
                {isCalm && (
                  <p className="flex items-center gap-2.5 text-sm">
                    <CircleCheckBig aria-hidden className="size-5 text-good" /> {t('dashboard.calm')}
                  </p>
                )}
                <ul className="flex flex-col gap-3 empty:hidden">
                  <Findings findings={at === undefined ? (findings ?? []) : []} />
                  {wanting.map((one) => (
                    <li key={one.key}>
                      <Callout
                        tone={one.tone}
                        title={one.title}
                        action={
                          one.fix && (
                            <Link to={one.fix.to} search={(one.fix.search ?? {}) as never} className="inline-flex min-h-8 items-center gap-1 rounded-lg px-2 text-sm font-medium underline underline-offset-4">
                              {one.fix.words}
                            </Link>
                          )
                        }
                      >
                        {one.text}
                      </Callout>
                    </li>
                  ))}
                </ul>
              </div>
            )}
          </Card>
          {at === undefined && !!peers.data?.length && <Traffic peers={peers.data} live={live} />}
          <Activity />
          <Card title={t('dashboard.services')} flush>
            <Loaded query={services} rows={2}>
              {(all) => (
                <ul className="divide-y divide-line">
                  {all.map((service) => (
                    <li key={service.name} className="flex min-h-14 flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5 sm:px-5">
                      <Link to="/settings" search={{ tab: 'services', open: service.name } as never} className="font-medium hover:underline">
                        {tOr(`service.${service.name}`, service.name)}
                      </Link>
                      <span className="flex items-center gap-3">
                        <span className="text-xs text-soft tabular-nums" title={t('dashboard.revisions')}>
                          #{service.applied_revision}
                          {service.applied_revision !== service.desired_revision && ` → #${service.desired_revision}`}
                        </span>
                        <ServiceState service={service} />
                      </span>
                    </li>
                  ))}
                </ul>
              )}
            </Loaded>
          </Card>
        </div>
        <Card
          flush
          title={t('dashboard.recent')}
          action={
            <Link to="/changes" className="text-sm font-medium text-accent-text hover:underline">
              {t('dashboard.all')}
            </Link>
          }
        >
          <Loaded query={newest}>
            {(events) => (
              <ul className="divide-y divide-line">
                {grouped(events)
                  .slice(0, 9)
                  .map((one) => (
                    <li key={one.last.seq}>
                      <ChangeLine change={one} known={known} onOpen={() => void navigate({ to: '/changes', search: { open: String(one.last.seq) } as never })} />
                    </li>
                  ))}
              </ul>
            )}
          </Loaded>
          {peers.data?.length === 0 && (
            <Empty
              icon={MonitorSmartphone}
              title={t('dashboard.first')}
              action={
                <Link to="/peers" search={{ open: 'new' } as never} className="inline-flex min-h-10 items-center rounded-lg bg-accent px-4 text-sm font-medium text-accent-ink">
                  {t('peers.add')}
                </Link>
              }
            >
              {t('dashboard.first.text')}
            </Empty>
          )}
        </Card>
      </div>
    </Page>
  )
}
