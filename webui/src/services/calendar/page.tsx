import { BookUser, CalendarDays } from 'lucide-react'
import { useState } from 'react'
import { useGet } from '@/api/query'
import { t } from '@/i18n'
import { Collection } from '@/kit/collection'
import { Field, inputLook } from '@/kit/field'
import { Empty } from '@/kit/page'
import { Settings } from '@/kit/publish'
import { ServicePage } from '@/kit/service-page'
import { Badge, Card } from '@/kit/ui'
import { usePeople } from '@/services/people/choice'

const icons = { calendar: CalendarDays, addressbook: BookUser }

export function Kind({ kind }: { kind: 'calendar' | 'addressbook' }) {
  const Icon = icons[kind]
  return (
    <span className="inline-flex items-center gap-1.5">
      <Icon aria-hidden className="size-4 text-soft" /> {t(`collection.kind.${kind}`)}
    </span>
  )
}

/** What every person has by the account alone. */
function Own() {
  const { users } = usePeople()
  const may = users.filter(({ services }) => services === null || services.includes('calendar'))
  return (
    <Card title={t('calendar.own')}>
      <p className="mb-3 text-sm text-soft">{t('calendar.own.text')}</p>
      <ul className="flex flex-wrap gap-2">
        {may.map(({ id, username }) => (
          <li key={id}>
            <Badge>{username}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Collections() {
  const { name, options } = usePeople()
  return (
    <div className="flex flex-col gap-5">
      <Own />
      <Collection
        spec={{
          path: '/calendar/collections',
          stream: 'collection-',
          words: 'collection.further',
          icon: CalendarDays,
          name: ({ name: title }) => title,
          text: (one) => `${one.name} ${name(one.user_id)} ${one.kind}`,
          make: 'AddCollection',
          remove: 'RemoveCollection',
          fields: [
            { name: 'name', placeholder: 'family' },
            { name: 'kind', options: (['calendar', 'addressbook'] as const).map((value) => ({ value, label: t(`collection.kind.${value}`) })) },
            { name: 'user_id', options },
          ],
          columns: [
            { key: 'name', title: t('collection.further.name'), width: '1.5fr', sort: ({ name: title }) => title, cell: ({ name: title }) => title },
            { key: 'kind', title: t('collection.further.kind'), sort: ({ kind }) => kind, cell: ({ kind }) => <Kind kind={kind} /> },
            { key: 'user', title: t('collection.further.user_id'), sort: (one) => name(one.user_id), cell: (one) => name(one.user_id) },
          ],
        }}
      />
    </div>
  )
}

function Connect() {
  const domain = useGet('/cell').data?.domain
  const { users } = usePeople()
  const [chosen, setChosen] = useState('')
  if (!domain) return null
  const user = users.find(({ username }) => username === chosen) ?? users[0]
  if (!user) return <Empty icon={CalendarDays} title={t('choose.none')} />
  const base = `https://calendar.${domain}`
  return (
    <Card title={t('calendar.connect')}>
      <div className="flex max-w-3xl flex-col gap-5">
        <p className="text-sm text-soft">{t('calendar.connect.text')}</p>
        <div className="max-w-64">
          <Field label={t('connect.for')}>
            {(ids) => (
              <select {...ids} className={inputLook} value={user.username} onChange={(event) => setChosen(event.target.value)}>
                {users.map(({ id, username }) => (
                  <option key={id}>{username}</option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <Settings
          label={t('calendar.connect')}
          settings={[
            { name: t('connect.server'), text: `${base}/`, note: t('calendar.connect.server.note') },
            { name: t('connect.user'), text: user.username, note: t('connect.password') },
            { name: t('collection.kind.calendar'), text: `${base}/${user.username}/personal/`, note: t('calendar.connect.direct') },
            { name: t('collection.kind.addressbook'), text: `${base}/${user.username}/contacts/`, note: t('calendar.connect.direct') },
          ]}
        />
        <ul className="flex list-disc flex-col gap-1.5 pl-5 text-sm text-soft">
          <li>{t('calendar.connect.apple')}</li>
          <li>{t('calendar.connect.android')}</li>
          <li>{t('calendar.connect.desktop')}</li>
          <li>{t('connect.vpn')}</li>
        </ul>
      </div>
    </Card>
  )
}

export default function Calendar() {
  return (
    <ServicePage
      service="calendar"
      title="nav.calendar"
      lead="calendar.lead"
      tabs={[
        { value: 'collections', label: t('calendar.collections'), content: <Collections /> },
        { value: 'connect', label: t('connect.tab'), content: <Connect /> },
      ]}
    />
  )
}
