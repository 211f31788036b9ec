// A person's password: their own, for which the one they have is asked, or somebody else's.
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useSession } from '@/api/session'
import { t } from '@/i18n'
import { ChangeForm } from '@/kit/form'
import { useBlocked } from '@/kit/page'
import { Button } from '@/kit/ui'

export function Password({ user }: { user: { id: string; username: string } }) {
  const [open, setOpen] = useState(false)
  const blocked = useBlocked('put', '/users/{id}/password')
  const own = useSession()?.user_id === user.id
  if (blocked) return null
  if (!open) {
    return (
      <div>
        <Button icon={KeyRound} onClick={() => setOpen(true)}>
          {t(own ? 'password.change' : 'people.password')}
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
      said={() => (own ? t('password.changed') : t('people.password.changed', { name: user.username }))}
      submit={t(own ? 'password.change' : 'people.password')}
      undo={false}
      canPlan={false}
      onDone={() => setOpen(false)}
      onCancel={() => setOpen(false)}
    />
  )
}
