// Who came in, who was turned away, who looked at a secret: newest first, asked again every few seconds since no event tells
// of it.
import { useInfiniteQuery } from '@tanstack/react-query'
import { DoorOpen } from 'lucide-react'
import { useState } from 'react'
import { client, take, type Schemas } from '@/api/client'
import type { Problem } from '@/api/problem'
import { dateTime, relative, t, tOr } from '@/i18n'
import { List, type Column } from '@/kit/list'
import { Empty, Loaded } from '@/kit/page'
import { Badge, Button, Card, Mono, type Tone } from '@/kit/ui'
import { who } from '@/services/changes/events'

type Entry = Schemas['AccessEntry']
const refresh_ms = 5000
const page = 200

/** Kinds that the daemon writes; one that is newer than this page is shown by its name. */
const kinds = ['signed_in', 'sign_in_refused', 'signed_out', 'session_revoked', 'confirmed', 'revealed', 'master_key_changed', 'service_operation', 'refused', 'token_refused']
export const isRefusal = (kind: string) => kind.includes('refused')
const tone = (kind: string): Tone => (isRefusal(kind) ? 'bad' : kind === 'signed_in' ? 'good' : kind === 'revealed' || kind === 'master_key_changed' ? 'warn' : 'idle')
export const accessWords = (kind: string) => tOr(`access.kind.${kind}`, kind.replaceAll('_', ' '))

const columns: Column<Entry>[] = [
  { key: 'kind', title: t('access.what'), width: '1.2fr', cell: ({ kind }) => <Badge tone={tone(kind)}>{accessWords(kind)}</Badge> },
  { key: 'actor', title: t('access.who'), cell: ({ actor }) => (actor ? who(actor) : '—') },
  { key: 'at', title: t('access.when'), width: '1fr', cell: ({ at }) => <time dateTime={at} title={dateTime(at)}>{relative(at)}</time> },
  { key: 'source', title: t('access.from'), cell: ({ source }) => <Mono>{source}</Mono> },
  { key: 'detail', title: t('access.detail'), width: '1.4fr', wide: true, cell: ({ detail, request_id }) => <span className="text-soft" title={t('access.request', { id: request_id })}>{detail || '—'}</span> },
]

export function AccessLog() {
  const [kind, setKind] = useState('')
  const query = useInfiniteQuery<{ items: Entry[]; next_cursor: string | null }, Problem, Entry[], unknown[], string | undefined>({
    queryKey: ['/access-log', kind],
    queryFn: ({ pageParam, signal }) => take(client.GET('/access-log', { params: { query: { limit: page, ...(kind && { kind }), ...(pageParam && { cursor: pageParam }) } }, signal })),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
    placeholderData: (before) => before,
    refetchInterval: refresh_ms,
  })
  const choice = (
    <select aria-label={t('access.kind')} className="min-h-10 rounded-lg border border-line-strong bg-surface px-2 text-sm sm:min-h-9" value={kind} onChange={(event) => setKind(event.target.value)}>
      <option value="">{t('access.every_kind')}</option>
      {kinds.map((one) => (
        <option key={one} value={one}>
          {accessWords(one)}
        </option>
      ))}
    </select>
  )
  return (
    <Card flush title={t('access.title')} action={choice}>
      <Loaded query={query as never}>
        {() => (
          <>
            <List
              label={t('access.title')}
              items={query.data ?? []}
              columns={columns}
              id={({ id }) => String(id)}
              name={({ kind: what }) => accessWords(what)}
              text={(entry) => `${accessWords(entry.kind)} ${entry.actor} ${entry.source} ${entry.detail} ${entry.request_id}`}
              empty={<Empty icon={DoorOpen} title={t('access.none')} />}
            />
            {query.hasNextPage && (
              <div className="flex justify-center border-t border-line p-3">
                <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  {t('access.older')}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Card>
  )
}
