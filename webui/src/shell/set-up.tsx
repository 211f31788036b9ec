// The first run: three small steps, one call at the end. An objection brings back the step that its field is on.
import { useQueryClient } from '@tanstack/react-query'
import { ArrowLeft, ArrowRight, PartyPopper } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { client, setCsrf, take } from '@/api/client'
import { asProblem, byField, type Problem } from '@/api/problem'
import { sessionQuery, setupQuery } from '@/api/session'
import { t, tOr, type Key } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Button, Callout, cx } from '@/kit/ui'
import { Mark } from './mark'

type Values = { setup_token: string; username: string; password: string; cell_name: string; domain: string; vpn_range: string; timezone: string }
type Name = keyof Values

const steps: { title: Key; text: Key; fields: Name[] }[] = [
  { title: 'setup.owner', text: 'setup.owner.text', fields: ['setup_token', 'username', 'password'] },
  { title: 'setup.identity', text: 'setup.identity.text', fields: ['cell_name', 'domain'] },
  { title: 'setup.network', text: 'setup.network.text', fields: ['vpn_range', 'timezone'] },
]

const ranges = ['10.10.0.0/24', '10.77.0.0/24', '172.20.0.0/24', '192.168.77.0/24']

function zone(): string {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
  } catch {
    return 'UTC'
  }
}

export default function SetUp() {
  const queries = useQueryClient()
  const [step, setStep] = useState(0)
  const [values, setValues] = useState<Values>({ setup_token: '', username: '', password: '', cell_name: 'home', domain: 'cell.home.arpa', vpn_range: ranges[0]!, timezone: zone() })
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const names = Object.keys(values) as Name[]
  const wrong: { fields: Record<string, string>; rest: string[] } = problem ? byField(problem, names) : { fields: {}, rest: [] }
  // The daemon names a password's faults without a pointer.
  if (problem && /^password_/.test(problem.code) && !wrong.fields.password) wrong.fields.password = problem.detail
  if (problem && /setup_token/.test(problem.code) && !wrong.fields.setup_token) wrong.fields.setup_token = problem.detail || problem.title

  useEffect(() => {
    document.title = `${t('setup.title')} · ${t('product')}`
  }, [])
  useEffect(() => {
    const field = steps[step]!.fields.find((name) => wrong.fields[name]) ?? steps[step]!.fields[0]!
    form.current?.querySelector<HTMLElement>(`[name="${field}"]`)?.focus()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step, problem])

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (step < steps.length - 1) return setStep(step + 1)
    setBusy(true)
    setProblem(null)
    try {
      const session = await take(client.POST('/setup', { body: values }))
      setCsrf(session.csrf_token)
      queries.setQueryData(sessionQuery.queryKey, session)
      queries.setQueryData(setupQuery.queryKey, { claimed: true })
    } catch (error) {
      const found = asProblem(error)
      setProblem(found)
      const bad = byField(found, names).fields
      const name = /^password_/.test(found.code) ? 'password' : /setup_token/.test(found.code) ? 'setup_token' : names.find((one) => bad[one])
      const at = steps.findIndex(({ fields }) => name && fields.includes(name))
      if (at >= 0) setStep(at)
      if (found.status === 409) void queries.invalidateQueries({ queryKey: setupQuery.queryKey })
    } finally {
      setBusy(false)
    }
  }

  const now = steps[step]!
  const pointed = Object.keys(wrong.fields).length > 0
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 p-4">
      <div className="flex flex-col items-center gap-3 text-center">
        <Mark className="size-12" />
        <h1 className="text-2xl font-semibold tracking-tight">{t('setup.title')}</h1>
        <p className="max-w-md text-soft">{t('setup.lead')}</p>
      </div>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate className="flex w-full max-w-md flex-col gap-5 rounded-2xl border border-line bg-surface p-6 shadow-low">
        <ol className="flex gap-2" aria-label={t('setup.steps')}>
          {steps.map((one, at) => (
            <li key={one.title} aria-current={at === step ? 'step' : undefined} className="flex-1">
              <div className={cx('h-1 rounded-full', at <= step ? 'bg-accent' : 'bg-line')} />
              <p className={cx('mt-1.5 text-xs', at === step ? 'font-semibold' : 'text-soft')}>{t(one.title)}</p>
            </li>
          ))}
        </ol>
        <p className="text-sm text-soft">{t(now.text)}</p>
        {now.fields.map((name) => (
          <Field key={name} label={t(`setup.${name}` as Key)} hint={tOr(`setup.${name}.hint`, '') || undefined} error={wrong.fields[name]} required>
            {(ids) => (
              <input
                {...ids}
                name={name}
                type={name === 'password' ? 'password' : 'text'}
                autoComplete={name === 'username' ? 'username' : name === 'password' ? 'new-password' : 'off'}
                autoCapitalize="none"
                spellCheck={false}
                list={name === 'vpn_range' ? 'ranges' : undefined}
                className={cx(inputLook, name === 'setup_token' && 'font-mono text-sm')}
                value={values[name]}
                onChange={(event) => setValues({ ...values, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        <datalist id="ranges">
          {ranges.map((range) => (
            <option key={range} value={range} />
          ))}
        </datalist>
        {problem && (!pointed || wrong.rest.length > 0) && (
          <div role="alert">
            <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
              {problem.offline ? t('problem.nothing_lost') : wrong.rest.join('\n') || problem.detail}
            </Callout>
          </div>
        )}
        <div className="flex justify-between gap-2">
          {step > 0 ? (
            <Button icon={ArrowLeft} onClick={() => setStep(step - 1)}>
              {t('back')}
            </Button>
          ) : (
            <span />
          )}
          <Button type="submit" look="primary" icon={step < steps.length - 1 ? ArrowRight : PartyPopper} busy={busy}>
            {step < steps.length - 1 ? t('next') : t('setup.submit')}
          </Button>
        </div>
      </form>
    </main>
  )
}
