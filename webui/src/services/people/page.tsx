import { Users, UsersRound } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Item } from '@/api/query'
import { useMay, useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import { Page, useBlocked } from '@/kit/page'
import { Tabs } from '@/kit/tabs'
import { Badge } from '@/kit/ui'
import { AppPasswords } from '@/services/account/app-passwords'
import { Password } from '@/services/account/password'
import { FactorBadge, LostFactor, SecondFactor } from '@/services/account/second-factor'
import { SessionList } from '@/services/account/sessions'
import { useGo, usePlace } from '@/services/place'
import { Invitations } from './invitations'
import { useProfile } from './profile'

type User = Item<'/users'>

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="mb-2 font-semibold">{title}</h3>
      {children}
    </section>
  )
}

/** What belongs to one person besides the account itself. */
function About({ user }: { user: User }) {
  const own = useSession()?.user_id === user.id
  const blocked = useBlocked('put', '/users/{id}/password')
  const maySessions = useMay('get', '/sessions')
  if (blocked) return null
  return (
    <div className="flex flex-col gap-6 border-t border-line pt-5">
      <Section title={t('password')}>
        <Password user={user} />
      </Section>
      <Section title={t('factor')}>{own ? <SecondFactor user={user} /> : <LostFactor user={user} />}</Section>
      <Section title={t('apps.title')}>
        <AppPasswords user={user} />
      </Section>
      {maySessions && (
        <Section title={t('sessions.title')}>
          <div className="rounded-lg border border-line">
            <SessionList of={user.username} named={false} />
          </div>
        </Section>
      )}
    </div>
  )
}

function People() {
  const { fields: common, groupOf } = useProfile()
  return (
    <Collection
      spec={{
        path: '/users',
        stream: 'user-',
        words: 'user',
        icon: Users,
        name: (user) => user.username,
        text: (user) => `${user.username} ${user.display_name ?? ''} ${user.email ?? ''} ${user.role}`,
        make: 'AddUser',
        patch: 'ChangeUserBody',
        start: { role: 'member' },
        fields: [{ name: 'username' }, { name: 'password', as: 'password', autoComplete: 'new-password' }, ...common],
        changeFields: common,
        more: (user) => <About user={user} />,
        columns: [
          {
            key: 'username',
            title: t('user.username'),
            width: '1.5fr',
            sort: (user) => user.username,
            cell: (user) => (
              <>
                {user.username} {user.display_name && <span className="font-normal text-soft">{user.display_name}</span>}
              </>
            ),
          },
          { key: 'role', title: t('user.role'), width: '7rem', sort: (user) => user.role, cell: (user) => <Badge tone={user.role === 'admin' ? 'info' : 'idle'}>{tOr(`user.role.${user.role}`, user.role)}</Badge> },
          {
            key: 'factor',
            title: t('user.factor'),
            wide: true,
            width: '8rem',
            sort: (user) => Number(user.has_totp),
            cell: (user) => <FactorBadge on={user.has_totp} />,
          },
          { key: 'email', title: t('user.email'), wide: true, width: '1.5fr', sort: (user) => user.email ?? '', cell: (user) => user.email ?? <span className="text-soft">—</span> },
          { key: 'groups', title: t('user.groups'), wide: true, cell: (user) => user.groups.map(groupOf).join(', ') || <span className="text-soft">—</span> },
        ],
      }}
    />
  )
}

const Groups = () => (
  <Collection
    spec={{
      path: '/groups',
      stream: 'group-',
      words: 'group',
      icon: UsersRound,
      name: (group) => group.name,
      make: 'AddGroup',
      patch: 'ChangeGroupBody',
      fields: [{ name: 'name' }, { name: 'description' }],
      columns: [
        { key: 'name', title: t('group.name'), sort: (group) => group.name, cell: (group) => group.name },
        { key: 'description', title: t('group.description'), width: '2fr', cell: (group) => <span className="text-soft">{group.description ?? '—'}</span> },
      ],
    }}
  />
)

export default function PeoplePage() {
  const { tab = 'users' } = usePlace()
  const go = useGo()
  return (
    <Page title={t('nav.people')} lead={t('people.lead')}>
      <Tabs
        label={t('nav.people')}
        value={tab}
        onChange={(to) => go({ tab: to, open: undefined })}
        tabs={[
          { value: 'users', label: t('user.title'), content: <People /> },
          { value: 'invitations', label: t('invitation.title'), content: <Invitations /> },
          { value: 'groups', label: t('group.title'), content: <Groups /> },
        ]}
      />
    </Page>
  )
}
