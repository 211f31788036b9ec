// A person's files, as every device opens them. Each person has one space, made with the account.
import { FolderOpen } from 'lucide-react'
import { useSession } from '@/api/session'
import { t } from '@/i18n'
import { Settings } from '@/kit/publish'
import { ServicePage } from '@/kit/service-page'
import { Card, Mono } from '@/kit/ui'
import { usePeople } from '@/services/people/choice'
import { Manager } from './manager'

function Connect() {
  const session = useSession()
  const [domain, username] = [session?.domain, session?.username]
  if (!domain || !username) return null
  return (
    <Card title={t('files.connect')}>
      <div className="flex max-w-3xl flex-col gap-5">
        <p className="text-sm text-soft">{t('files.connect.text')}</p>
        <Settings
          label={t('files.connect')}
          settings={[
            { name: t('connect.server'), text: `https://files.${domain}/${username}/`, note: t('files.connect.note') },
            { name: t('connect.user'), text: username, note: t('connect.password') },
          ]}
        />
        <ul className="flex list-disc flex-col gap-1.5 pl-5 text-sm text-soft">
          <li>{t('files.connect.mac')}</li>
          <li>{t('files.connect.windows')}</li>
          <li>{t('files.connect.linux')}</li>
          <li>{t('files.connect.phone')}</li>
          <li>{t('connect.vpn')}</li>
        </ul>
      </div>
    </Card>
  )
}

/** Whose there are, for those who may see the people. */
function Spaces() {
  const { users } = usePeople()
  const may = users.filter(({ services }) => services === null || services.includes('files'))
  if (!may.length) return null
  return (
    <Card title={t('files.spaces')}>
      <p className="mb-3 text-sm text-soft">{t('files.spaces.text')}</p>
      <ul className="flex flex-wrap gap-2">
        {may.map(({ id, username }) => (
          <li key={id} className="flex items-center gap-2 rounded-lg border border-line bg-raised px-3 py-1.5">
            <FolderOpen aria-hidden className="size-4 text-accent-text" /> <Mono>{username}</Mono>
          </li>
        ))}
      </ul>
    </Card>
  )
}

export default function Files() {
  return (
    <ServicePage
      service="files"
      title="nav.files"
      lead="files.lead"
      tabs={[
        { value: 'mine', label: t('files.mine'), content: <Manager /> },
        {
          value: 'connect',
          label: t('connect.tab'),
          content: (
            <div className="flex flex-col gap-5">
              <Connect />
              <Spaces />
            </div>
          ),
        },
      ]}
    />
  )
}
