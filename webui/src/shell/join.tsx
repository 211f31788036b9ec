// The other end of an invitation: whoever has the link chooses a name and a password, and is in. The link's secret stands
// behind the #, which browsers send to nobody.
import { PartyPopper, Unlink } from 'lucide-react'
import { useRef, useState, type FormEvent } from 'react'
import { client, take } from '@/api/client'
import { asProblem, byField, type Problem } from '@/api/problem'
import { t, tOr } from '@/i18n'
import { Field, inputLook } from '@/kit/field'
import { Empty } from '@/kit/page'
import { Button, Callout } from '@/kit/ui'
import { Door, useEnter } from './sign-in'

const names = ['username', 'display_name', 'password'] as const
const complete: Record<(typeof names)[number], string> = { username: 'username', display_name: 'name', password: 'new-password' }

export default function Join() {
  const token = location.hash.slice(1)
  const enter = useEnter()
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState({ username: '', display_name: '', password: '' })
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const wrong = problem ? byField(problem, names) : null

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      const { username, display_name, password } = values
      const session = await take(client.POST('/join', { body: { token, username: username.trim(), password, ...(display_name.trim() && { display_name: display_name.trim() }) } }))
      history.replaceState(null, '', '/')
      enter(session)
    } catch (error) {
      const what = asProblem(error)
      setProblem(what)
      const first = names.find((name) => byField(what, names).fields[name])
      requestAnimationFrame(() => form.current?.querySelector<HTMLInputElement>(`[name="${first ?? 'username'}"]`)?.focus())
    } finally {
      setBusy(false)
    }
  }

  if (!token || problem?.code === 'invitation_invalid') {
    return (
      <Door title={t('join.title')}>
        <div role={problem ? 'alert' : undefined} className="-m-6">
          <Empty icon={Unlink} title={problem ? problem.title : t('join.no_link')}>
            {problem ? t('join.invalid') : t('join.no_link.text')}
          </Empty>
        </div>
      </Door>
    )
  }
  return (
    <Door title={t('join.title')} text={t('join.text')}>
      <form ref={form} onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-5">
        {names.map((name, at) => (
          <Field key={name} label={t(`join.${name}`)} hint={tOr(`join.${name}.hint`, '') || undefined} error={wrong?.fields[name]} required={name !== 'display_name'}>
            {(ids) => (
              <input
                {...ids}
                name={name}
                autoFocus={at === 0}
                type={name === 'password' ? 'password' : 'text'}
                autoComplete={complete[name]}
                autoCapitalize={name === 'display_name' ? 'words' : 'none'}
                spellCheck={false}
                className={inputLook}
                value={values[name]}
                onChange={(event) => setValues({ ...values, [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
        {problem && (!Object.keys(wrong!.fields).length || wrong!.rest.length > 0) && (
          <div role="alert">
            <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
              {problem.offline ? t('problem.nothing_lost') : wrong!.rest.join('\n') || problem.detail}
            </Callout>
          </div>
        )}
        <Button type="submit" look="primary" icon={PartyPopper} busy={busy} className="min-h-11">
          {t('join.submit')}
        </Button>
      </form>
    </Door>
  )
}
