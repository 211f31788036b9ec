// A name, looked up through the cell's own resolver: what a device would be told.
import { Search } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { client, take, type Schemas } from '@/api/client'
import { asProblem, byField, type Problem } from '@/api/problem'
import { useGet } from '@/api/query'
import { t } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Badge, Button, Callout, Card, Mono } from '@/kit/ui'

type Type = NonNullable<Schemas['DnsQuestion']['type']>
const types: Type[] = ['A', 'AAAA', 'CNAME', 'MX', 'TXT', 'SRV', 'CAA', 'PTR', 'NS', 'SOA']

export function Lookup() {
  const domain = useGet('/cell').data?.domain
  const [name, setName] = useState('')
  const [type, setType] = useState<Type>('A')
  const [reply, setReply] = useState<Schemas['DnsReply'] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const ask = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      setReply(await take(client.POST('/dns/query', { body: { name: name.trim(), type } })))
    } catch (error) {
      setReply(null)
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  const wrong = problem ? byField(problem, ['name', 'type']) : null
  return (
    <Card title={t('dns.lookup')}>
      <form onSubmit={(event) => void ask(event)} noValidate className="grid items-start gap-3 sm:grid-cols-[1fr_8rem_auto]">
        <Field label={t('lookup.name')} error={wrong?.fields.name} required>
          {(ids) => <input {...ids} name="name" className={inputLook} spellCheck={false} autoCapitalize="none" placeholder={domain && `laptop.${domain}`} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label={t('record.type')} error={wrong?.fields.type} required>
          {(ids) => (
            <select {...ids} className={inputLook} value={type} onChange={(event) => setType(event.target.value as Type)}>
              {types.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit" look="primary" icon={Search} busy={busy} className="sm:mt-[1.8rem] sm:min-h-10">
          {t('lookup.ask')}
        </Button>
      </form>
      <div aria-live="polite" className="mt-5">
        {problem && !Object.keys(wrong!.fields).length && (
          <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
            {problem.detail}
          </Callout>
        )}
        {reply && (
          <div data-reply={reply.rcode}>
            <p className="mb-2 flex items-center gap-2 text-sm text-soft">
              <Badge tone={reply.rcode === 'NOERROR' ? 'good' : 'warn'}>{reply.rcode}</Badge> {t('lookup.took', { ms: reply.milliseconds })}
            </p>
            {reply.answers.length ? (
              <ul className="divide-y divide-line rounded-lg border border-line">
                {reply.answers.map((answer, at) => (
                  <li key={at} className="flex flex-wrap items-center gap-x-3 px-3 py-2 text-sm">
                    <span className="break-all">{answer.name}</span>
                    <Badge tone="info">{answer.type}</Badge>
                    <Mono>{answer.value}</Mono>
                    <span className="ml-auto text-xs text-soft">{t('lookup.ttl', { ttl: answer.ttl })}</span>
                  </li>
                ))}
              </ul>
            ) : (
              <p className="text-sm">{t('lookup.nothing')}</p>
            )}
          </div>
        )}
      </div>
    </Card>
  )
}
