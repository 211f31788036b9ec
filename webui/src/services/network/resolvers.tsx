import { Plus, X } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { t } from '@/i18n'
import { inputLook, type FieldSpec } from '@/kit/field'
import type { Input } from '@/kit/form-values'
import { Singleton } from '@/kit/singleton'
import { Button, IconButton } from '@/kit/ui'

type Forward = Schemas['DnsForward']

function Forwards({ value, set, error, label }: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) {
  const forwards = Array.isArray(value) ? (value as Forward[]) : []
  const put = (at: number, some: Partial<Forward>) => set(forwards.map((one, index) => (index === at ? { ...one, ...some } : one)))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <p className="text-[0.8125rem] text-soft">{t('upstreams.forwards.hint')}</p>
      {forwards.map((forward, at) => (
        <div key={at} className="grid grid-cols-[1fr_1fr_auto] items-center gap-2">
          <input aria-label={t('upstreams.domain')} aria-invalid={!!error || undefined} placeholder="corp.example" spellCheck={false} className={inputLook} value={forward.domain} onChange={(event) => put(at, { domain: event.target.value })} />
          <input
            aria-label={t('upstreams.servers_of')}
            placeholder="192.168.1.1"
            spellCheck={false}
            className={inputLook}
            value={forward.servers.join(', ')}
            onChange={(event) => put(at, { servers: event.target.value.split(/,\s*|\s+/) })}
            onBlur={() => put(at, { servers: forward.servers.filter(Boolean) })}
          />
          <IconButton label={t('remove')} icon={X} onClick={() => set(forwards.filter((_, index) => index !== at))} />
        </div>
      ))}
      {error && <p className="text-[0.8125rem] font-medium text-bad" data-error>{error}</p>}
      <div>
        <Button small icon={Plus} onClick={() => set([...forwards, { domain: '', servers: [] }])}>
          {t('upstreams.add')}
        </Button>
      </div>
    </fieldset>
  )
}

const fields: FieldSpec[] = [
  { name: 'servers', mono: true, placeholder: '9.9.9.9' },
  { name: 'forwards', render: (control) => <Forwards {...control} /> },
]

export const Resolvers = () => <Singleton path="/dns/upstreams" careful stream="dns-upstreams" method="put" schema="SetDnsUpstreams" words="upstreams" fields={fields} />
