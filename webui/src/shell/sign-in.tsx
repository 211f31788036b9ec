import { useQueryClient } from '@tanstack/react-query'
import { LogIn } from 'lucide-react'
import { useRef, useState, type FormEvent } from 'react'
import { client, setCsrf, take } from '@/api/client'
import { asProblem, byField, type Problem } from '@/api/problem'
import { sessionQuery, tellTabs } from '@/api/session'
import { t } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Button, Callout } from '@/kit/ui'
import { Mark } from './mark'

export function SignInForm() {
  const queries = useQueryClient()
  const known = queries.getQueryData(sessionQuery.queryKey)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const [username, setUsername] = useState(known?.username ?? '')
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const first = useRef<HTMLInputElement>(null)
  const secret = useRef<HTMLInputElement>(null)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      const session = await take(client.POST('/session', { body: { username, password, ...(totp && { totp }) } }))
      setCsrf(session.csrf_token)
      queries.setQueryData(sessionQuery.queryKey, session)
      tellTabs('in')
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== '/session' })
    } catch (error) {
      setProblem(asProblem(error))
      ;(username ? secret : first).current?.focus()
      secret.current?.select()
    } finally {
      setBusy(false)
    }
  }

  const wrong = problem ? byField(problem, ['username', 'password', 'totp']) : null
  const wantsTotp = problem?.code.includes('totp') || totp !== ''
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
      <Field label={t('signin.username')} error={wrong?.fields.username} required>
        {(ids) => <input ref={first} {...ids} name="username" autoFocus={!username} data-first={!username || undefined} autoComplete="username" autoCapitalize="none" spellCheck={false} className={inputLook} value={username} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      <Field label={t('signin.password')} error={wrong?.fields.password} required>
        {(ids) => <input ref={secret} {...ids} name="password" type="password" autoFocus={!!username} data-first={!!username || undefined} autoComplete="current-password" className={inputLook} value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      {wantsTotp && (
        <Field label={t('signin.totp')} error={wrong?.fields.totp} required>
          {(ids) => <input {...ids} name="totp" inputMode="numeric" autoComplete="one-time-code" className={inputLook} value={totp} onChange={(event) => setTotp(event.target.value)} />}
        </Field>
      )}
      {problem && !Object.keys(wrong!.fields).length && (
        <div role="alert">
          <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
            {problem.offline ? t('problem.nothing_lost') : problem.detail}
          </Callout>
        </div>
      )}
      <Button type="submit" look="primary" icon={LogIn} busy={busy} className="min-h-11">
        {t('signin.submit')}
      </Button>
    </form>
  )
}

export function SignIn() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-6 p-4">
      <div className="flex flex-col items-center gap-3 text-center">
        <Mark className="size-12" />
        <h1 className="text-2xl font-semibold tracking-tight">{t('product')}</h1>
      </div>
      <div className="w-full max-w-sm rounded-2xl border border-line bg-surface p-6 shadow-low">
        <SignInForm />
      </div>
    </main>
  )
}
