// One's own second factor: shown to an authenticator, proved by a code, and with it the recovery codes, which are shown
// once. Without it again only after a fresh sign-in.
import { Download, ShieldCheck, ShieldOff, Smartphone } from 'lucide-react'
import { Suspense, lazy, useRef, useState, type FormEvent } from 'react'
import { client, take, type Schemas } from '@/api/client'
import { theFeed } from '@/api/feed'
import { asProblem, type Problem } from '@/api/problem'
import { t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { CopyButton, OneTime, download } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Field, inputLook } from '@/kit/field'
import { fresh } from '@/kit/fresh'
import { PrintButton, Printed } from '@/kit/printed'
import { toast } from '@/kit/toast'
import { Badge, Button, Callout, Spinner } from '@/kit/ui'

const Qr = lazy(() => import('@/kit/qr'))

interface Person {
  id: string
  username: string
  has_totp: boolean
}

const cleaned = (code: string) => code.replaceAll(/\s/g, '')

function Codes({ codes, name, onDone }: { codes: string[]; name: string; onDone: () => void }) {
  const text = codes.join('\n')
  return (
    <div className="flex flex-col gap-4" data-recovery-codes>
      <Callout tone="warn" title={t('factor.codes.once')}>
        {t('factor.codes.text')}
      </Callout>
      <Printed title={t('factor.codes.file', { name })}>
        <ol className="grid grid-cols-2 gap-x-6 gap-y-1.5 rounded-lg border border-line bg-raised p-4 font-mono text-sm" aria-label={t('factor.codes')}>
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ol>
      </Printed>
      <div className="flex flex-wrap gap-2">
        <CopyButton text={text} label={t('copy')} />
        <Button icon={Download} onClick={() => download(`recovery-codes-${name}.txt`, `${t('factor.codes.file', { name })}\n\n${text}\n`)}>
          {t('download')}
        </Button>
        <PrintButton />
      </div>
      <div>
        <Button look="primary" onClick={onDone}>
          {t('factor.codes.kept')}
        </Button>
      </div>
    </div>
  )
}

function Enrolment({ user, begun, onClose }: { user: Person; begun: Schemas['TotpBegun']; onClose: () => void }) {
  const [code, setCode] = useState('')
  const [codes, setCodes] = useState<string[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const confirm = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      const made = await take(client.POST('/users/{id}/totp/confirm', { params: { path: { id: user.id } }, body: { code: cleaned(code) } }))
      setCodes(made.recovery_codes)
      theFeed().changed()
    } catch (error) {
      setProblem(asProblem(error))
      input.current?.select()
    } finally {
      setBusy(false)
    }
  }
  if (codes) {
    // Not closed by a stray click: they do not come back.
    return (
      <Dialog title={t('factor.on')} subtitle={t('factor.on.text')} onClose={onClose} closable={false}>
        <Codes codes={codes} name={user.username} onDone={onClose} />
      </Dialog>
    )
  }
  return (
    <Dialog title={t('factor.set_up')} onClose={onClose}>
      <form onSubmit={(event) => void confirm(event)} noValidate className="flex flex-col gap-5">
        <div className="flex flex-col items-center gap-3">
          <p className="self-start text-sm text-soft">{t('factor.scan')}</p>
          <Suspense fallback={<Spinner />}>
            <Qr text={begun.uri} label={t('factor.qr')} />
          </Suspense>
        </div>
        <details>
          <summary className="min-h-9 py-1.5 text-sm font-medium text-accent-text">{t('factor.by_hand')}</summary>
          <OneTime label={t('factor.secret')} value={begun.secret} />
        </details>
        <Field label={t('factor.code')} hint={t('factor.code.hint')} error={problem ? problem.errors[0]?.detail || problem.detail || problem.title : undefined} required>
          {(ids) => (
            <input
              {...ids}
              ref={input}
              data-first
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              className={`${inputLook} font-mono tracking-widest`}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          )}
        </Field>
        <div>
          <Button type="submit" look="primary" icon={ShieldCheck} busy={busy} disabled={!cleaned(code)}>
            {t('factor.turn_on')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

async function removeFactor(user: Person) {
  try {
    await fresh(() => take(client.DELETE('/users/{id}/totp', { params: { path: { id: user.id } } })))
    theFeed().changed()
    toast({ tone: 'good', title: t('factor.removed') })
  } catch (error) {
    const problem = asProblem(error)
    if (problem.code !== 'step_up_required') tellProblem(problem)
  }
}

export const FactorBadge = ({ on }: { on: boolean }) => (
  <Badge tone={on ? 'good' : 'idle'} mark>
    {t(on ? 'factor.is_on' : 'factor.is_off')}
  </Badge>
)

/** One's own: set up, or taken off. */
export function SecondFactor({ user }: { user: Person }) {
  const [begun, setBegun] = useState<Schemas['TotpBegun'] | null>(null)
  const [busy, setBusy] = useState(false)
  const begin = async () => {
    setBusy(true)
    try {
      setBegun(await take(client.POST('/users/{id}/totp', { params: { path: { id: user.id } } })))
    } catch (error) {
      tellProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <div className="flex flex-col items-start gap-4" data-factor={user.has_totp ? 'on' : 'off'}>
      <p className="text-sm text-soft">{t(user.has_totp ? 'factor.text_on' : 'factor.text_off')}</p>
      {user.has_totp ? (
        <Button look="danger" icon={ShieldOff} onClick={() => void removeFactor(user)}>
          {t('factor.remove')}
        </Button>
      ) : (
        <Button look="primary" icon={Smartphone} busy={busy} onClick={() => void begin()}>
          {t('factor.set_up')}
        </Button>
      )}
      {begun && <Enrolment user={user} begun={begun} onClose={() => setBegun(null)} />}
    </div>
  )
}

/** Somebody else's, who has lost the device and the codes. */
export function LostFactor({ user }: { user: Person }) {
  if (!user.has_totp) return <p className="text-sm text-soft">{t('factor.other_off')}</p>
  return (
    <div className="flex flex-col items-start gap-3">
      <p className="text-sm text-soft">{t('factor.other_on')}</p>
      <Button look="danger" icon={ShieldOff} onClick={() => void removeFactor(user)}>
        {t('factor.remove')}
      </Button>
    </div>
  )
}
