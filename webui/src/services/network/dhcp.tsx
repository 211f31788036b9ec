// Addresses for the home network: the scope that switches DHCP on, who has an address now, and who always has the same.
import { useQueryClient } from '@tanstack/react-query'
import { BookmarkPlus, Laptop, Pin, Power } from 'lucide-react'
import { changeAt } from '@/api/change'
import { get, useGet, useList } from '@/api/query'
import { useAt } from '@/api/time'
import { relative, t } from '@/i18n'
import { Collection } from '@/kit/collection'
import { usePress } from '@/kit/commit'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { List } from '@/kit/list'
import { momentOf, rowsOf, useLive, type LiveTable } from '@/kit/live-table'
import { Empty, Loaded, Skeleton, useBlocked } from '@/kit/page'
import { ServiceTrouble, StateOf } from '@/kit/service-page'
import { Badge, Button, Card, Mono } from '@/kit/ui'
import { suggestScope } from './ranges'

const fields: FieldSpec[] = [
  { name: 'network', half: true, mono: true, placeholder: '192.168.1.0/24' },
  { name: 'router', half: true, mono: true, placeholder: '192.168.1.1' },
  { name: 'first', half: true, mono: true, placeholder: '192.168.1.100' },
  { name: 'last', half: true, mono: true, placeholder: '192.168.1.199' },
  { name: 'dns', half: true, advanced: true, mono: true },
  { name: 'ntp', half: true, advanced: true, mono: true },
  { name: 'lease_seconds', half: true, advanced: true },
  { name: 'domain', half: true, advanced: true },
]

type Settings = Record<string, unknown> & { version?: number }
const settingsIn = (answer: { scope?: unknown; version?: unknown }) => ({ ...(answer.scope as object), version: answer.version }) as Settings

function Scope() {
  const query = useGet('/dhcp/scope')
  const lan = useGet('/cell')
  const queries = useQueryClient()
  const blocked = useBlocked('put', '/dhcp/scope')
  const { press, busy } = usePress()
  const on = !!query.data?.scope
  const off = () => void press(changeAt('delete', '/dhcp/scope', {}), { title: t('dhcp.off') })
  return (
    <Card
      title={t('dhcp.scope')}
      action={
        <span className="flex items-center gap-2">
          <StateOf service="dhcp" />
          {on && !blocked && (
            <Button small icon={Power} busy={busy} onClick={off}>
              {t('dhcp.turn_off')}
            </Button>
          )}
        </span>
      }
    >
      <Loaded query={query}>
        {(found) =>
          lan.data === undefined && !found.scope ? (
            <Skeleton />
          ) : (
            <div className="max-w-2xl">
              {!found.scope && <p className="mb-5 text-sm text-soft">{t('dhcp.is_off')}</p>}
              <ChangeForm
                key={String(!!found.scope)}
                schema="SetDhcpScope"
                words="dhcp"
                draft="dhcp"
                whole
                focus={false}
                fields={fields}
                start={suggestScope(lan.data?.lan_range)}
                original={found.scope ? settingsIn(found) : undefined}
                blocked={blocked}
                within={settingsIn}
                make={(body) => changeAt('put', '/dhcp/scope', { body })}
                current={async () => settingsIn(await queries.fetchQuery({ ...get('/dhcp/scope'), staleTime: 0 }))}
                said={() => t(found.scope ? 'dhcp.changed' : 'dhcp.on')}
                submit={found.scope ? t('save') : t('dhcp.turn_on')}
              />
            </div>
          )
        }
      </Loaded>
    </Card>
  )
}

export interface Lease {
  mac: string
  address: string
  hostname: string | null
  /** In milliseconds; null: it does not end. */
  ends: number | null
}

export const leasesIn = (tables: LiveTable[] | undefined): Lease[] =>
  rowsOf(tables, 'leases')
    .map((row) => ({
      mac: String(row.mac ?? ''),
      address: String(row.address ?? ''),
      hostname: row.hostname && row.hostname !== '*' ? String(row.hostname) : null,
      ends: momentOf(row.expires_at),
    }))
    .filter(({ mac, address }) => mac && address)

function Leases() {
  const leases = leasesIn(useLive('dhcp'))
  const reserved = useList('/dhcp/reservations').data ?? []
  const blocked = useBlocked('post', '/dhcp/reservations')
  const { press, busy } = usePress()
  const past = useAt() !== undefined
  if (past) return null
  const isReserved = ({ mac }: Lease) => reserved.some((one) => one.mac.toLowerCase() === mac.toLowerCase())
  const reserve = ({ mac, address, hostname }: Lease) =>
    void press(changeAt('post', '/dhcp/reservations', { body: { mac, address, ...(hostname && { hostname }) } }), { title: t('lease.reserved_said', { name: hostname ?? mac, address }) })
  return (
    <Card flush title={t('lease.title')}>
      <List
        label={t('lease.title')}
        items={leases}
        id={({ mac, address }) => `${mac} ${address}`}
        name={({ hostname, mac }) => hostname ?? mac}
        text={({ hostname, mac, address }) => `${hostname ?? ''} ${mac} ${address}`}
        columns={[
          { key: 'name', title: t('lease.device'), width: '1.5fr', sort: ({ hostname, mac }) => hostname ?? mac, cell: ({ hostname, mac }) => hostname ?? <Mono>{mac}</Mono> },
          { key: 'address', title: t('reservation.address'), sort: ({ address }) => address, cell: ({ address }) => <Mono>{address}</Mono> },
          { key: 'mac', title: t('reservation.mac'), width: '1.2fr', wide: true, cell: ({ mac }) => <Mono>{mac}</Mono> },
          { key: 'ends', title: t('lease.ends'), wide: true, sort: ({ ends }) => ends ?? Infinity, cell: ({ ends }) => <span className="text-soft">{ends ? relative(ends) : t('lease.never')}</span> },
          {
            key: 'reserve',
            title: t('lease.reserve'),
            end: true,
            cell: (lease) =>
              isReserved(lease) ? (
                <Badge tone="good" mark>
                  {t('lease.reserved')}
                </Badge>
              ) : (
                <Button small icon={Pin} busy={busy} disabled={!!blocked} title={blocked} aria-label={t('lease.reserve_for', { name: lease.hostname ?? lease.mac })} onClick={() => reserve(lease)}>
                  {t('lease.reserve')}
                </Button>
              ),
          },
        ]}
        empty={
          <Empty icon={Laptop} title={t('lease.none')}>
            {t('lease.none.text')}
          </Empty>
        }
      />
    </Card>
  )
}

const Reservations = () => (
  <Collection
    spec={{
      path: '/dhcp/reservations',
      stream: 'reservation-',
      words: 'reservation',
      icon: BookmarkPlus,
      name: ({ hostname, mac }) => hostname ?? mac,
      text: ({ hostname, mac, address }) => `${hostname ?? ''} ${mac} ${address}`,
      make: 'AddDhcpReservation',
      remove: 'RemoveDhcpReservation',
      fields: [{ name: 'mac', mono: true, placeholder: '02:00:5e:10:00:01' }, { name: 'address', mono: true, placeholder: '192.168.1.20' }, { name: 'hostname', placeholder: 'printer' }],
      columns: [
        { key: 'name', title: t('lease.device'), width: '1.5fr', sort: ({ hostname, mac }) => hostname ?? mac, cell: ({ hostname, mac }) => hostname ?? <Mono>{mac}</Mono> },
        { key: 'address', title: t('reservation.address'), sort: ({ address }) => address, cell: ({ address }) => <Mono>{address}</Mono> },
        { key: 'mac', title: t('reservation.mac'), width: '1.5fr', wide: true, cell: ({ mac }) => <Mono>{mac}</Mono> },
      ],
    }}
  />
)

export function Dhcp() {
  const on = !!useGet('/dhcp/scope').data?.scope
  return (
    <div className="flex flex-col gap-5">
      {on && <ServiceTrouble service="dhcp" />}
      {on && <Leases />}
      {on && <Reservations />}
      <Scope />
      {!on && <Reservations />}
    </div>
  )
}
