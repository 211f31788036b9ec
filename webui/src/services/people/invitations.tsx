// Links with which somebody joins: made with the rights that they will have, shown once, used once.
import { MailPlus } from 'lucide-react'
import { Suspense, lazy, useState } from 'react'
import type { Item } from '@/api/query'
import { dateTime, relative, t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import { CopyButton, OneTime } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Badge, Button, Callout, Facts, Spinner } from '@/kit/ui'
import { useProfile } from './profile'

const Qr = lazy(() => import('@/kit/qr'))

type Invitation = Item<'/invitations'>
const nameOf = (invitation: Invitation) => invitation.display_name ?? invitation.email ?? t('invitation.somebody')

/** Behind the #: no server and no proxy on the way sees it. */
const linkOf = (token: string) => `${location.origin}/join#${token}`

function Link({ made, onClose }: { made: Invitation & { token: string }; onClose: () => void }) {
  const link = linkOf(made.token)
  return (
    <Dialog title={t('invitation.made', { name: nameOf(made) })} onClose={onClose}>
      <div className="flex flex-col gap-4" data-invitation>
        <Callout tone="warn" title={t('tokens.once')}>
          {t('invitation.once', { when: dateTime(made.expires_at) })}
        </Callout>
        <div className="flex justify-center">
          <Suspense fallback={<Spinner />}>
            <Qr text={link} label={t('invitation.qr')} />
          </Suspense>
        </div>
        <OneTime label={t('invitation.link')} value={link} />
        <div className="flex flex-wrap gap-2">
          <CopyButton text={link} label={t('invitation.copy')} />
          <Button onClick={onClose}>{t('done')}</Button>
        </div>
      </div>
    </Dialog>
  )
}

export function Invitations() {
  const [made, setMade] = useState<(Invitation & { token: string }) | null>(null)
  const { fields, groupOf } = useProfile()
  return (
    <>
      <Collection
        spec={{
          path: '/invitations',
          stream: 'invitation-',
          words: 'invitation',
          icon: MailPlus,
          name: nameOf,
          make: 'AddInvitation',
          start: { role: 'member' },
          fields: [...fields, { name: 'expires_at', advanced: true }],
          canUndo: false,
          onMade: (done) => setMade(done.resource as unknown as Invitation & { token: string }),
          more: (invitation) => (
            <Facts
              rows={[
                [t('user.role'), tOr(`user.role.${invitation.role}`, invitation.role)],
                !!invitation.email && [t('user.email'), invitation.email!],
                [t('user.groups'), invitation.groups.map(groupOf).join(', ') || '—'],
                [t('user.services'), invitation.services ? invitation.services.map((name) => tOr(`service.${name}`, name)).join(', ') || '—' : t('user.every_service')],
                [t('created'), dateTime(invitation.created_at)],
                [t('invitation.expires_at'), dateTime(invitation.expires_at)],
              ]}
            />
          ),
          columns: [
            { key: 'name', title: t('invitation.for'), width: '2fr', sort: nameOf, cell: nameOf },
            { key: 'role', title: t('user.role'), width: '7rem', sort: ({ role }) => role, cell: ({ role }) => <Badge tone={role === 'admin' ? 'info' : 'idle'}>{tOr(`user.role.${role}`, role)}</Badge> },
            {
              key: 'until',
              title: t('invitation.expires_at'),
              sort: ({ expires_at }) => expires_at,
              cell: ({ expires_at }) => (Date.parse(expires_at) < Date.now() ? <Badge tone="warn">{t('invitation.late')}</Badge> : <span title={dateTime(expires_at)}>{relative(expires_at)}</span>),
            },
          ],
        }}
      />
      {made && <Link made={made} onClose={() => setMade(null)} />}
    </>
  )
}
