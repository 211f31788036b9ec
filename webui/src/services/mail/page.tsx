import { AtSign, Globe2, Inbox } from 'lucide-react'
import { useGet } from '@/api/query'
import { number, t } from '@/i18n'
import { Collection } from '@/kit/collection'
import { Settings } from '@/kit/publish'
import { ServicePage } from '@/kit/service-page'
import { Badge, Card, Mono } from '@/kit/ui'
import { usePeople } from '@/services/people/choice'
import { Publish } from './publish'
import { Queue, useQueue } from './queue'
import { mailHost } from './records'

/** What every person has by the account alone. */
function OwnMailboxes() {
  const domain = useGet('/cell').data?.domain
  const { users } = usePeople()
  const may = users.filter(({ services }) => services === null || services.includes('mail'))
  if (!domain || !may.length) return null
  return (
    <Card title={t('mail.own')}>
      <p className="mb-3 text-sm text-soft">{t('mail.own.text')}</p>
      <ul className="flex flex-wrap gap-2">
        {may.map(({ id, username }) => (
          <li key={id} className="rounded-lg border border-line bg-raised px-3 py-1.5">
            <Mono>{`${username}@${domain}`}</Mono>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Mailboxes() {
  const { name, options } = usePeople()
  return (
    <div className="flex flex-col gap-5">
      <OwnMailboxes />
      <Collection
        spec={{
          path: '/mail/mailboxes',
          stream: 'mail-mailbox-',
          words: 'mailbox',
          icon: Inbox,
          name: ({ address }) => address,
          make: 'AddMailbox',
          remove: 'RemoveMailbox',
          fields: [{ name: 'address', placeholder: 'office@example.org' }, { name: 'user_id', options }],
          columns: [
            { key: 'address', title: t('mailbox.address'), width: '2fr', sort: ({ address }) => address, cell: ({ address }) => address },
            { key: 'user', title: t('mailbox.user_id'), sort: ({ user_id }) => name(user_id), cell: ({ user_id }) => name(user_id) },
          ],
        }}
      />
    </div>
  )
}

const Aliases = () => (
  <Collection
    spec={{
      path: '/mail/aliases',
      stream: 'mail-alias-',
      words: 'alias',
      icon: AtSign,
      name: ({ address }) => address,
      text: ({ address, targets }) => `${address} ${targets.join(' ')}`,
      make: 'AddMailAlias',
      remove: 'RemoveMailAlias',
      fields: [{ name: 'address', placeholder: 'family@example.org' }, { name: 'targets' }],
      columns: [
        { key: 'address', title: t('alias.address'), sort: ({ address }) => address, cell: ({ address }) => address },
        { key: 'targets', title: t('alias.targets'), width: '2fr', cell: ({ targets }) => <span className="break-words text-soft">{targets.join(', ')}</span> },
      ],
    }}
  />
)

function Domains() {
  const own = useGet('/cell').data?.domain
  return (
    <div className="flex flex-col gap-5">
      {own && (
        <Card>
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
            <Badge tone="good" mark>
              {t('mail.always')}
            </Badge>
            <span className="font-medium">{own}</span>
            <span className="text-soft">{t('mail.always.text')}</span>
          </p>
        </Card>
      )}
      <Collection
        spec={{
          path: '/mail/domains',
          stream: 'mail-domain-',
          words: 'maildomain',
          icon: Globe2,
          name: ({ name }) => name,
          make: 'AddMailDomain',
          remove: 'RemoveMailDomain',
          fields: [{ name: 'name', placeholder: 'example.org' }],
          columns: [{ key: 'name', title: t('maildomain.name'), sort: ({ name }) => name, cell: ({ name }) => name }],
        }}
      />
    </div>
  )
}

function Connect() {
  const domain = useGet('/cell').data?.domain
  if (!domain) return null
  const host = mailHost(domain)
  return (
    <Card title={t('mail.connect')}>
      <p className="mb-4 max-w-3xl text-sm text-soft">{t('mail.connect.text')}</p>
      <div className="max-w-3xl">
        <Settings
          label={t('mail.connect')}
          settings={[
            { name: t('mail.connect.user'), text: `name@${domain}`, note: t('mail.connect.user.note') },
            { name: t('mail.connect.in'), text: host, note: t('mail.connect.in.note') },
            { name: t('mail.connect.out'), text: host, note: t('mail.connect.out.note') },
            { name: t('mail.connect.web'), text: `https://webmail.${domain}/`, note: t('connect.vpn') },
          ]}
        />
      </div>
    </Card>
  )
}

export default function Mail() {
  const queue = useQueue()
  return (
    <ServicePage
      service="mail"
      title="nav.mail"
      lead="mail.lead"
      tabs={[
        { value: 'mailboxes', label: t('mail.mailboxes'), content: <Mailboxes /> },
        { value: 'aliases', label: t('alias.title'), content: <Aliases /> },
        { value: 'domains', label: t('mail.domains'), content: <Domains /> },
        ...(queue ? [{ value: 'queue', label: queue.length ? `${t('mail.queue')} (${number(queue.length)})` : t('mail.queue'), content: <Queue queue={queue} /> }] : []),
        { value: 'publish', label: t('publish.tab'), content: <Publish /> },
        { value: 'connect', label: t('connect.tab'), content: <Connect /> },
      ]}
    />
  )
}
