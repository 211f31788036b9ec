// One's own: devices, password, second factor, passwords for programs, sessions, and how to connect. For members it is the
// whole of the cell; for the others it is behind the account button.
import { useGet } from '@/api/query'
import { Own, useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Loaded, Page } from '@/kit/page'
import { Card } from '@/kit/ui'
import { AppPasswords } from '@/services/account/app-passwords'
import { Password } from '@/services/account/password'
import { FactorBadge, SecondFactor } from '@/services/account/second-factor'
import { SessionList } from '@/services/account/sessions'
import { HowTo } from './connect'
import { Devices } from './devices'

function Mine({ id }: { id: string }) {
  const query = useGet('/users/{id}', { path: { id } })
  return (
    <Loaded query={query}>
      {(user) => (
        <Page title={t('me.title', { name: user.display_name ?? user.username })} lead={t('me.lead')}>
          <div className="grid items-start gap-5 lg:grid-cols-[3fr_2fr]">
            <div className="flex min-w-0 flex-col gap-5">
              <Devices user={user} />
              <HowTo user={user} />
              <Card flush title={t('apps.title')}>
                <AppPasswords user={user} flush />
              </Card>
            </div>
            <div className="flex min-w-0 flex-col gap-5">
              <Card title={t('password')}>
                <div className="flex flex-col gap-4">
                  <p className="text-sm text-soft">{t('password.text')}</p>
                  <Password user={user} />
                </div>
              </Card>
              <Card title={t('factor')} action={<FactorBadge on={user.has_totp} />}>
                <SecondFactor user={user} />
              </Card>
              <Card flush title={t('sessions.mine')}>
                <SessionList of={user.username} named={false} />
              </Card>
            </div>
          </div>
        </Page>
      )}
    </Loaded>
  )
}

export default function Me() {
  const session = useSession()
  if (!session?.user_id) return <Page title={t('nav.me')}>{tOr('me.nobody', '')}</Page>
  return (
    <Own.Provider value>
      <Mine id={session.user_id} />
    </Own.Provider>
  )
}
