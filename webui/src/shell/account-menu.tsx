import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CircleUser, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { client } from '@/api/client'
import { sessionQuery, tellTabs, useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Menu } from '@/kit/menu'
import { AccountButton } from './account'
import { setTheme } from './theme'

export default function AccountMenu({ onPalette }: { onPalette: () => void }) {
  const session = useSession()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const signOut = async () => {
    await client.DELETE('/session').catch(() => undefined)
    tellTabs('out')
    queries.setQueryData(sessionQuery.queryKey, null)
    location.assign('/')
  }
  return (
    <Menu
      open
      label={t('account')}
      header={
        <>
          <p className="font-medium">{session?.username ?? session?.principal}</p>
          <p className="text-xs text-soft">{tOr(`user.role.${session?.role}`, session?.role ?? '')}</p>
        </>
      }
      trigger={<AccountButton />}
      items={[
        { label: t('nav.me'), icon: CircleUser, onPick: () => void navigate({ to: '/me' }) },
        { label: t('theme.light'), icon: Sun, onPick: () => setTheme('light') },
        { label: t('theme.dark'), icon: Moon, onPick: () => setTheme('dark') },
        { label: t('theme.system'), icon: Monitor, onPick: () => setTheme('system') },
        { label: t('palette.open'), icon: Keyboard, onPick: onPalette },
        { label: t('signout'), icon: LogOut, onPick: () => void signOut() },
      ]}
    />
  )
}
