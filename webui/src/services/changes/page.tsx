import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { GitCompareArrows, ListTree, ShieldCheck } from 'lucide-react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { followed, theFeed, useFeed } from '@/api/feed'
import { t, tOr } from '@/i18n'
import { Empty, Loaded, Page } from '@/kit/page'
import { Button, Card, Spinner } from '@/kit/ui'
import { usePlace, useGo } from '@/services/place'
import { ChangeDrawer } from './change-drawer'
import { Compare } from './compare'
import { grouped, readBack, type Filter } from './events'
import { ChangeLine } from './line'
import { useNames } from './names'
import { Verify } from './verify'

const kinds = ['PeerAdded', 'PeerChanged', 'PeerRemoved', 'PeerKeysRotated', 'PeerKeyDropped', 'DnsRecordAdded', 'DnsRecordChanged', 'DnsRecordRemoved', 'DnsUpstreamsSet', 'WireguardChanged', 'WireguardKeysSet', 'CellChanged', 'ServiceSwitched', 'UserAdded', 'UserChanged', 'UserRemoved', 'CertificateIssued', 'CertificateRevoked', 'TokenAdded', 'TokenRemoved', 'BusClientInvited', 'BusClientEnrolled', 'BusClientRemoved']
const row = 60

function Log({ filter, onOpen }: { filter: Filter; onOpen: (seq: number) => void }) {
  const queries = useQueryClient()
  const { head } = useFeed()
  const at = usePlace().at
  const known = useNames()
  const key = useMemo(() => ['/events', followed, filter, at ?? 'now'], [filter, at])
  const start = at ?? head
  const query = useInfiniteQuery({
    queryKey: key,
    enabled: start > 0,
    staleTime: Infinity,
    initialPageParam: 0,
    // Where the log stands when it is read, which may be further than when this was rendered.
    queryFn: ({ pageParam }) => readBack(pageParam || (at ?? theFeed().snapshot().head) + 1, filter),
    getNextPageParam: (last) => last.next || undefined,
  })
  // Live: what comes goes on top, without reading anything again.
  useEffect(() => {
    if (at !== undefined) return
    return theFeed().follow((event) => {
      if (filter.type && event.type !== filter.type) return
      if (filter.actor && event.actor !== filter.actor) return
      if (filter.stream && event.stream !== filter.stream) return
      if (queries.getQueryState(key)?.fetchStatus === 'fetching') return void queries.invalidateQueries({ queryKey: key })
      queries.setQueryData(key, (known: typeof query.data) => {
        const [first, ...others] = known?.pages ?? []
        if (!known || !first || first.events.some(({ seq }) => seq === event.seq)) return known
        return { ...known, pages: [{ ...first, events: [event, ...first.events] }, ...others] }
      })
    })
  }, [at, filter, key, queries])

  const changes = useMemo(() => grouped(query.data?.pages.flatMap(({ events }) => events) ?? []), [query.data])
  const body = useRef<HTMLUListElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => setTop((body.current?.getBoundingClientRect().top ?? 0) + scrollY), [!query.data])
  const virtual = useWindowVirtualizer({ count: changes.length, estimateSize: () => row, overscan: 10, scrollMargin: top, getItemKey: (at) => changes[at]!.last.seq })
  const rows = virtual.getVirtualItems()
  const atEnd = (rows.at(-1)?.index ?? 0) >= changes.length - 5
  useEffect(() => {
    if (atEnd && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage()
  }, [atEnd, query])

  return (
    <Loaded query={query as never} rows={8}>
      {() => (
        <>
          <ul ref={body} aria-label={t('changes.list')} className="relative" style={{ height: virtual.getTotalSize() }}>
            {rows.map((at) => (
              <li key={at.key} data-index={at.index} ref={virtual.measureElement} className="absolute inset-x-0 top-0 border-b border-line" style={{ transform: `translateY(${at.start - virtual.options.scrollMargin}px)` }}>
                <ChangeLine change={changes[at.index]!} known={known} onOpen={() => onOpen(changes[at.index]!.last.seq)} />
              </li>
            ))}
          </ul>
          {query.isFetchingNextPage && <Spinner />}
          {!changes.length && <Empty icon={ListTree} title={t('changes.none')} />}
        </>
      )}
    </Loaded>
  )
}

export default function Changes() {
  const place = usePlace()
  const go = useGo()
  const [type, setType] = useState('')
  const [actor, setActor] = useState('')
  const filter = useMemo<Filter>(() => ({ ...(type && { type }), ...(actor.trim() && { actor: actor.includes(':') ? actor.trim() : `user:${actor.trim()}` }) }), [type, actor])
  const comparing = place.tab === 'compare'
  const verifying = place.tab === 'verify'
  const look = 'min-h-10 rounded-lg border border-line-strong bg-surface px-3 text-sm sm:min-h-9'
  return (
    <Page
      title={t('nav.changes')}
      lead={t('changes.lead')}
      actions={
        <>
          <Button icon={GitCompareArrows} aria-pressed={comparing} onClick={() => go({ tab: comparing ? undefined : 'compare' })}>
            {t('compare')}
          </Button>
          <Button icon={ShieldCheck} aria-pressed={verifying} onClick={() => go({ tab: verifying ? undefined : 'verify' })}>
            {t('verify')}
          </Button>
        </>
      }
    >
      {verifying && <Verify />}
      {comparing && <Compare />}
      <Card
        flush
        title={t('changes.log')}
        action={
          <div className="flex flex-wrap items-center gap-2">
            <select aria-label={t('changes.kind')} className={look} value={type} onChange={(event) => setType(event.target.value)}>
              <option value="">{t('changes.every_kind')}</option>
              {kinds.map((kind) => (
                <option key={kind} value={kind}>
                  {tOr(`event.${kind}.name`, kind)}
                </option>
              ))}
            </select>
            <input aria-label={t('changes.actor')} placeholder={t('changes.actor')} className={`${look} w-36`} value={actor} onChange={(event) => setActor(event.target.value)} />
          </div>
        }
      >
        <Log key={JSON.stringify(filter)} filter={filter} onOpen={(seq) => go({ open: String(seq) })} />
      </Card>
      {place.open && Number(place.open) > 0 && <ChangeDrawer key={place.open} seq={Number(place.open)} onClose={() => go({ open: undefined })} />}
    </Page>
  )
}
