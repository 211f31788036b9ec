import { KeyRound, Users, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useList, type Item } from '@/api/query'
import { useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Choose } from '@/kit/choose'
import { Collection } from '@/kit/collection'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { Tabs } from '@/kit/tabs'
import { Page, useBlocked } from '@/kit/page'
import { Badge, Button } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

type User = Item<'/users'>

function Password({ user }: { user: User }) {
  const [open, setOpen] = useState(false)
  const blocked = useBlocked('put', '/users/{id}/password')
  const own = useSession()?.username === user.username
  if (blocked) return null
  if (!open) {
    return (
      <div>
        <Button icon={KeyRound} onClick={() => setOpen(true)}>
          {t('people.password')}
        </Button>
      </div>
    )
  }
  return (
    <ChangeForm
      schema="ChangePasswordBody"
      words="user"
      fields={[...(own ? [{ name: 'current_password', as: 'password' as const, autoComplete: 'current-password' }] : []), { name: 'password', as: 'password', autoComplete: 'new-password' }]}
      make={(body) => change('put', '/users/{id}/password', { params: { id: user.id }, body: body as never })}
      said={() => t('people.password.changed', { name: user.username })}
      submit={t('people.password')}
      undo={false}
      canPlan={false}
      onDone={() => setOpen(false)}
      onCancel={() => setOpen(false)}
    />
  )
}

function People() {
  const groups = useList('/groups').data ?? []
  const services = useList('/services').data ?? []
  const common: FieldSpec[] = [
    { name: 'role', hintFor: (inputs) => tOr(`user.role.${String(inputs.role)}.hint`, '') },
    { name: 'display_name' },
    { name: 'email' },
    { name: 'groups', render: (control) => <Choose {...control} choices={groups.map(({ id, name }) => ({ value: id, label: name }))} /> },
    {
      name: 'services',
      advanced: true,
      render: (control) => <Choose {...control} every={t('peers.every_service')} choices={services.map(({ name }) => ({ value: name, label: tOr(`service.${name}`, name) }))} />,
    },
  ]
  const groupOf = (id: string) => groups.find((group) => group.id === id)?.name ?? id
  return (
    <Collection
      spec={{
        path: '/users',
        words: 'user',
        icon: Users,
        name: (user) => user.username,
        text: (user) => `${user.username} ${user.display_name ?? ''} ${user.email ?? ''} ${user.role}`,
        make: 'AddUser',
        patch: 'ChangeUserBody',
        start: { role: 'member' },
        fields: [{ name: 'username' }, { name: 'password', as: 'password', autoComplete: 'new-password' }, ...common],
        changeFields: common,
        more: (user) => <Password user={user} />,
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
          { value: 'groups', label: t('group.title'), content: <Groups /> },
        ]}
      />
    </Page>
  )
}
