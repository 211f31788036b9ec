// What proves who sits there: the password, and where somebody has one, the second factor. Signing in, signing in again and
// confirming before a secret is shown are one form, so that they look and refuse alike.
import { LogIn, type LucideIcon } from 'lucide-react'
import { useRef, useState, type FormEvent } from 'react'
import { asProblem, byField, type Problem } from '@/api/problem'
import { t } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Button, Callout, cx } from '@/kit/ui'

interface Props {
  /** Who it is; left out where that is asked for too. */
  username?: string | undefined
  submit: string
  icon?: LucideIcon
  send: (who: { username: string; password: string; totp?: string }) => Promise<void>
}

const isAboutCode = (problem: Problem | null) => problem?.code === 'second_factor_required' || problem?.code === 'second_factor_wrong'

export function Credentials({ username: known, submit, icon = LogIn, send }: Props) {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const [username, setUsername] = useState(known ?? '')
  const [password, setPassword] = useState('')
  const [totp, setTotp] = useState('')
  const [wantsCode, setWantsCode] = useState(false)
  const [recovery, setRecovery] = useState(false)
  const form = useRef<HTMLFormElement>(null)

  const focus = (name: string) => requestAnimationFrame(() => form.current?.querySelector<HTMLInputElement>(`[name="${name}"]`)?.select())

  const attempt = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      await send({ username, password, ...(totp && { totp: totp.trim() }) })
    } catch (error) {
      const what = asProblem(error)
      setProblem(what)
      if (isAboutCode(what)) {
        setWantsCode(true)
        focus('totp')
      } else focus(username ? 'password' : 'username')
    } finally {
      setBusy(false)
    }
  }

  const wrong = problem ? byField(problem, ['username', 'password', 'totp']).fields : {}
  // That a code is needed is the next step, not an objection.
  const codeError = problem?.code === 'second_factor_wrong' ? problem.detail : wrong.totp
  const isSaid = Object.keys(wrong).length > 0 || isAboutCode(problem)
  return (
    <form ref={form} onSubmit={(event) => void attempt(event)} noValidate className="flex flex-col gap-5">
      {known === undefined && (
        <Field label={t('signin.username')} error={wrong.username} required>
          {(ids) => <input {...ids} name="username" autoFocus data-first autoComplete="username" autoCapitalize="none" spellCheck={false} className={inputLook} value={username} onChange={(event) => setUsername(event.target.value)} />}
        </Field>
      )}
      <Field label={t('signin.password')} error={wrong.password} required>
        {(ids) => <input {...ids} name="password" type="password" autoFocus={known !== undefined} data-first={known !== undefined || undefined} autoComplete="current-password" className={inputLook} value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      {wantsCode && (
        <div className="flex flex-col items-start gap-1.5">
          <div className="w-full">
            <Field label={t(recovery ? 'signin.recovery' : 'signin.totp')} hint={t(recovery ? 'signin.recovery.hint' : 'signin.totp.hint')} error={codeError} required>
              {(ids) => (
                <input
                  {...ids}
                  name="totp"
                  inputMode={recovery ? 'text' : 'numeric'}
                  autoComplete="one-time-code"
                  autoCapitalize="none"
                  spellCheck={false}
                  className={cx(inputLook, 'font-mono tracking-wider')}
                  value={totp}
                  onChange={(event) => setTotp(event.target.value)}
                />
              )}
            </Field>
          </div>
          <Button
            small
            look="quiet"
            className="-ml-2.5"
            onClick={() => {
              setRecovery(!recovery)
              setTotp('')
              setProblem(null)
              focus('totp')
            }}
          >
            {t(recovery ? 'signin.use_code' : 'signin.use_recovery')}
          </Button>
        </div>
      )}
      {problem && !isSaid && (
        <div role="alert">
          <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
            {problem.offline ? t('problem.nothing_lost') : problem.detail}
          </Callout>
        </div>
      )}
      <Button type="submit" look="primary" icon={icon} busy={busy} className="min-h-11">
        {submit}
      </Button>
    </form>
  )
}
