// The fields of a device, for adding one and for changing one.
import { useContext } from 'react'
import { useList } from '@/api/query'
import { Own, maySession, useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Choose } from '@/kit/choose'
import { Field, inputLook, type FieldSpec } from '@/kit/field'
import { localMoment, type Input } from '@/kit/form-values'
import { Button } from '@/kit/ui'

const day_ms = 86_400_000
const lifetimes = [
  { days: 1, words: 'peers.for_day' },
  { days: 7, words: 'peers.for_week' },
  { days: 30, words: 'peers.for_month' },
] as const

function Expiry({ value, set, error, label }: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) {
  return (
    <Field label={label} hint={t('peer.expires_at.hint')} error={error}>
      {(ids) => (
        <div className="flex flex-wrap items-center gap-2">
          <input {...ids} type="datetime-local" className={`${inputLook} sm:w-60`} value={typeof value === 'string' ? value : ''} onChange={(event) => set(event.target.value)} />
          {lifetimes.map(({ days, words }) => (
            <Button key={days} small onClick={() => set(localMoment(Date.now() + days * day_ms))}>
              {t(words)}
            </Button>
          ))}
          {value && (
            <Button small look="quiet" onClick={() => set('')}>
              {t('peers.never')}
            </Button>
          )}
        </div>
      )}
    </Field>
  )
}

function Reach(control: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) {
  const services = useList('/services').data ?? []
  return <Choose {...control} every={t('peers.every_service')} choices={services.map(({ name }) => ({ value: name, label: tOr(`service.${name}`, name) }))} />
}

const policy: FieldSpec[] = [
  { name: 'internet', advanced: true },
  { name: 'services', advanced: true, render: (control) => <Reach {...control} /> },
  { name: 'lans', advanced: true, mono: true, placeholder: '192.168.1.0/24' },
  { name: 'allowed_ips', advanced: true, mono: true, placeholder: '0.0.0.0/0' },
  { name: 'keepalive', advanced: true },
]

export const addFields: FieldSpec[] = [
  { name: 'name', placeholder: 'phone' },
  { name: 'owner', advanced: true },
  { name: 'expires_at', advanced: true, render: (control) => <Expiry {...control} /> },
  ...policy,
  { name: 'address', advanced: true, mono: true },
  { name: 'preshared_key', advanced: true },
  { name: 'keep_key', advanced: true },
  { name: 'public_key', advanced: true, mono: true },
]

export const changeFields: FieldSpec[] = [
  { name: 'name' },
  { name: 'enabled' },
  { name: 'expires_at', render: (control) => <Expiry {...control} /> },
  { name: 'owner' },
  ...policy,
  { name: 'address', advanced: true, mono: true },
  { name: 'preshared_key', advanced: true },
]

/** What people may say of their own device who may say nothing of others: where it may go is not theirs to decide. */
export const ownFields: FieldSpec[] = [{ name: 'name', placeholder: 'phone' }, { name: 'keepalive', advanced: true }, { name: 'preshared_key', advanced: true }]
export function useOwnOnly(): boolean {
  const session = useSession()
  return useContext(Own) && !maySession(session, 'patch', '/peers/{id}')
}
