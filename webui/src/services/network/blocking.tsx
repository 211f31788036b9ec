// Names that are not answered: the lists that say so, and what the DNS server makes of each now (how many names, when it was
// fetched, what went wrong, how often it answered by it). The content of a list never passes the controller.
import { ShieldBan } from 'lucide-react'
import type { Item } from '@/api/query'
import { useAt } from '@/api/time'
import { dateTime, number, relative, t, tn } from '@/i18n'
import { Collection } from '@/kit/collection'
import type { FieldSpec } from '@/kit/field'
import { momentOf, rowsOf, useLive } from '@/kit/live-table'
import { ServiceTrouble } from '@/kit/service-page'
import { Toggle } from '@/kit/toggle'
import { Badge, Callout, Facts, Mono, type Tone } from '@/kit/ui'

export type Blocklist = Item<'/dns/blocklists'>

export interface Found {
  names: number
  /** How often it answered since the DNS server started. */
  blocked: number
  /** When it was last heard to be the newest, in milliseconds; null: never, or it is not fetched at all. */
  fetched: number | null
  /** Of the last try; empty: none. */
  failure: string
}

/** What the DNS server tells of each list, by the list's id. */
export function useFound(): Map<string, Found> {
  const rows = rowsOf(useLive('dns'), 'blocklists')
  return new Map(rows.map((row) => [String(row.id), { names: Number(row.names ?? 0), blocked: Number(row.blocked ?? 0), fetched: momentOf(row.fetched_at), failure: String(row.failure ?? '') }]))
}

export type State = 'off' | 'failed' | 'stale' | 'fetching' | 'blocking'
const tones: Record<State, Tone> = { off: 'idle', failed: 'bad', stale: 'warn', fetching: 'info', blocking: 'good' }

/** A list that could not be fetched anew goes on with what it had. */
export function stateOf(list: { url: string | null; enabled: boolean }, found: Found | undefined): State {
  if (!list.enabled) return 'off'
  if (found?.failure) return found.fetched ? 'stale' : 'failed'
  return !found || (list.url && !found.fetched) ? 'fetching' : 'blocking'
}

/** Widely used lists that may be fetched by anybody. */
const known = [
  { value: 'https://adguardteam.github.io/HostlistsRegistry/assets/filter_1.txt', label: 'AdGuard DNS filter' },
  { value: 'https://small.oisd.nl', label: 'oisd small' },
  { value: 'https://raw.githubusercontent.com/StevenBlack/hosts/master/hosts', label: 'StevenBlack hosts' },
]

const fields: FieldSpec[] = [
  { name: 'name', placeholder: 'ads' },
  { name: 'url', mono: true, placeholder: 'https://', suggestions: known },
  { name: 'names', mono: true, placeholder: 'ads.example' },
  { name: 'allow', mono: true, placeholder: 'good.ads.example' },
  { name: 'enabled' },
]

function StateBadge({ list, found }: { list: Blocklist; found: Found | undefined }) {
  const state = stateOf(list, found)
  return (
    <span data-blocklist={state}>
      <Badge tone={tones[state]} mark busy={state === 'fetching'}>
        {t(`blocklist.state.${state}`)}
      </Badge>
    </span>
  )
}

function About({ list, found }: { list: Blocklist; found: Found | undefined }) {
  const state = stateOf(list, found)
  return (
    <section className="flex flex-col gap-3 border-t border-line pt-5">
      <div className="flex items-center justify-between gap-3">
        <h3 className="font-semibold">{t('blocklist.now')}</h3>
        <StateBadge list={list} found={found} />
      </div>
      {!!found?.failure && (
        <Callout tone={tones[state]} title={t(state === 'stale' ? 'blocklist.stale' : 'blocklist.failed')}>
          {found.failure}
        </Callout>
      )}
      {found && (
        <Facts
          rows={[
            [t('blocklist.count'), number(found.names)],
            [t('blocklist.blocked'), tn('blocklist.times', found.blocked)],
            !!list.url && [t('blocklist.fetched'), found.fetched ? <time key="f" dateTime={new Date(found.fetched).toISOString()} title={dateTime(found.fetched)}>{relative(found.fetched)}</time> : t('blocklist.not_yet')],
          ]}
        />
      )}
    </section>
  )
}

export function Blocking() {
  const past = useAt() !== undefined
  const found = useFound()
  return (
    <div className="flex flex-col gap-5">
      <ServiceTrouble service="dns" />
      <Collection
        spec={{
          path: '/dns/blocklists',
          stream: 'dns-blocklist-',
          words: 'blocklist',
          icon: ShieldBan,
          name: ({ name }) => name,
          text: ({ name, url, names }) => `${name} ${url ?? ''} ${names.join(' ')}`,
          make: 'AddBlocklist',
          patch: 'ChangeBlocklistBody',
          remove: 'RemoveBlocklist',
          start: { enabled: true },
          fields,
          more: (list) => !past && <About list={list} found={found.get(list.id)} />,
          columns: [
            {
              key: 'name',
              title: t('blocklist.name'),
              width: '2fr',
              sort: ({ name }) => name,
              cell: ({ name, url }) => (
                <span className="flex min-w-0 flex-col">
                  <span>{name}</span>
                  {url && (
                    <span className="truncate font-normal text-soft" title={url}>
                      <Mono>{url}</Mono>
                    </span>
                  )}
                </span>
              ),
            },
            ...(past
              ? []
              : [
                  { key: 'state', title: t('blocklist.state'), width: '8rem', cell: (list: Blocklist) => <StateBadge list={list} found={found.get(list.id)} /> },
                  { key: 'count', title: t('blocklist.count'), width: '6rem', wide: true, sort: ({ id }: Blocklist) => -(found.get(id)?.names ?? 0), cell: ({ id }: Blocklist) => <span className="tabular-nums">{found.has(id) ? number(found.get(id)!.names) : '–'}</span> },
                  { key: 'blocked', title: t('blocklist.blocked'), width: '6rem', wide: true, sort: ({ id }: Blocklist) => -(found.get(id)?.blocked ?? 0), cell: ({ id }: Blocklist) => <span className="tabular-nums">{found.has(id) ? number(found.get(id)!.blocked) : '–'}</span> },
                  { key: 'fetched', title: t('blocklist.fetched'), width: '7rem', wide: true, cell: ({ id }: Blocklist) => <span className="text-soft">{found.get(id)?.fetched ? relative(found.get(id)!.fetched!) : '–'}</span> },
                ]),
            { key: 'enabled', title: t('blocklist.enabled'), width: '4.5rem', end: true, cell: (list) => <Toggle path="/dns/blocklists" words="blocklist" name={list.name} item={list} /> },
          ],
        }}
      />
    </div>
  )
}
