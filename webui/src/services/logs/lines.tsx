// Everything that was said: each service's programs and the access log in one stream, searched as one. Agents keep the last
// lines of each program and tell of new ones; the access log is asked now and then.
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client, take, type Schemas } from '@/api/client'
import type { Problem } from '@/api/problem'
import { list, useList } from '@/api/query'
import { useMay } from '@/api/session'
import { t, tn, tOr } from '@/i18n'
import { LogLines, soundsLike, type LogLine } from '@/kit/log'
import { Failed, Skeleton } from '@/kit/page'
import { SearchField } from '@/kit/search-field'
import { Card } from '@/kit/ui'
import { who } from '@/services/changes/events'
import { useGo, usePlace } from '@/services/place'
import { accessWords, isRefusal } from './access'

type Said = Schemas['LogLine']
type Entry = Schemas['AccessEntry']

const most = 1000
const refresh_ms = 5000
const access = 'access'

export const ofService = (service: string, lines: Said[], name: string): LogLine[] =>
  lines.map(({ at, program, line }, index) => ({ id: `${service} ${at} ${lines.length - index}`, at, from: program && program !== service ? `${name} · ${program}` : name, text: line, tone: soundsLike(line) }))

export const ofAccess = (entries: Entry[], name: string): LogLine[] =>
  entries.map((entry) => ({ id: `${access} ${entry.id}`, at: entry.at, from: name, text: [accessWords(entry.kind), who(entry.actor), entry.source, entry.detail].filter(Boolean).join(' · '), tone: isRefusal(entry.kind) ? 'bad' : undefined }))

/** Those that hold every word, by time. */
export function search(lines: LogLine[], words: string): LogLine[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = wanted.length ? lines.filter(({ from, text }) => wanted.every((word) => `${from} ${text}`.toLowerCase().includes(word))) : lines
  return [...found].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

export function Lines() {
  const { q = '', open = '' } = usePlace()
  const go = useGo()
  const services = useList('/services')
  const mayAccess = useMay('get', '/access-log')
  const names = (services.data ?? []).map(({ name }) => name)
  const wanted = open ? names.filter((name) => name === open) : names
  const nameOf = (service: string) => tOr(`service.${service}`, service)
  const logs = useQueries({
    queries: wanted.map((service) => list('/services/{service}/logs', { path: { service } })),
    combine: (results) => ({ data: results.map((one) => one.data), error: results.find((one) => one.error)?.error ?? null, pending: results.some((one) => one.isPending) }),
  })
  const entries = useQuery<Entry[], Problem>({
    queryKey: ['/access-log', 'newest'],
    queryFn: ({ signal }) => take(client.GET('/access-log', { params: { query: { limit: most } }, signal })).then(({ items }) => items),
    enabled: mayAccess && (!open || open === access),
    refetchInterval: refresh_ms,
  })
  const lines = useMemo(() => {
    const said = logs.data.flatMap((of, at) => ofService(wanted[at]!, of ?? [], nameOf(wanted[at]!)))
    return search(!open || open === access ? [...said, ...ofAccess(entries.data ?? [], t('access.title'))] : said, q)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [logs.data, entries.data, q, open])
  const problem = services.error ?? logs.error
  return (
    <Card
      title={t('logs.lines')}
      action={
        <div className="flex flex-wrap items-center gap-2 max-sm:w-full">
          <select aria-label={t('logs.source')} className="min-h-10 rounded-lg border border-line-strong bg-surface px-2 text-sm sm:min-h-9" value={open} onChange={(event) => go({ open: event.target.value || undefined }, true)}>
            <option value="">{t('logs.everything')}</option>
            {mayAccess && <option value={access}>{t('access.title')}</option>}
            {names.map((name) => (
              <option key={name} value={name}>
                {nameOf(name)}
              </option>
            ))}
          </select>
          <SearchField label={t('logs.search')} value={q} onChange={(words) => go({ q: words || undefined }, true)} className="w-full sm:w-56" />
        </div>
      }
    >
      {problem && !services.data ? (
        <Failed problem={problem} retry={() => void services.refetch()} />
      ) : logs.pending || !services.data ? (
        <Skeleton rows={8} />
      ) : (
        <div className="flex flex-col gap-2">
          <LogLines tall label={t('logs.lines')} lines={lines} words={q} empty={q ? t('logs.nothing') : t('logs.silent')} />
          <p className="text-[0.8125rem] text-soft" aria-live="polite">
            {tn('logs.count', lines.length)}
          </p>
        </div>
      )}
    </Card>
  )
}
