// Who is signed in, behind one letter. What opens there is fetched at the first press.
import { Suspense, lazy, useState, type ComponentProps } from 'react'
import { useSession } from '@/api/session'
import { t } from '@/i18n'

const AccountMenu = lazy(() => import('./account-menu'))

export function AccountButton(props: ComponentProps<'button'>) {
  return (
    <button
      type="button"
      aria-label={t('account')}
      aria-haspopup="menu"
      {...props}
      className="flex size-10 items-center justify-center rounded-full bg-accent-soft text-sm font-semibold text-accent-text uppercase sm:size-9"
    >
      {(useSession()?.username ?? '?').slice(0, 1)}
    </button>
  )
}

export function Account({ onPalette }: { onPalette: () => void }) {
  const [wanted, setWanted] = useState(false)
  const button = <AccountButton aria-expanded={wanted} onClick={() => setWanted(true)} />
  if (!wanted) return button
  return (
    <Suspense fallback={button}>
      <AccountMenu onPalette={onPalette} />
    </Suspense>
  )
}
