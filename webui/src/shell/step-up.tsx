// Asks for the password once more, for a call that wants a fresh sign-in (kit/fresh.ts).
import { ShieldCheck } from 'lucide-react'
import { client, take } from '@/api/client'
import { useSession } from '@/api/session'
import { t } from '@/i18n'
import { Dialog } from '@/kit/dialog'
import { useAsked } from '@/kit/fresh'
import { Credentials } from './credentials'

export default function StepUp() {
  const asked = useAsked()
  const session = useSession()
  if (!asked) return null
  return (
    <Dialog title={t('stepup')} subtitle={t('stepup.text')} onClose={asked.refused}>
      <Credentials
        username={session?.username ?? ''}
        submit={t('stepup.submit')}
        icon={ShieldCheck}
        send={async ({ password, totp }) => {
          await take(client.POST('/session/confirm', { body: { password, ...(totp && { totp }) } }))
          asked.done()
        }}
      />
    </Dialog>
  )
}
