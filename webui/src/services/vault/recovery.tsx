// The way back when the machine is gone: the master key on paper, a drill that proves that the paper works, and a new
// master key. Each wants a fresh sign-in.
import { FileKey2, KeyRound, ScrollText, ShieldCheck } from 'lucide-react'
import { Suspense, lazy, useState, type FormEvent } from 'react'
import { client, take } from '@/api/client'
import { asProblem, byField, type Problem } from '@/api/problem'
import { useSession } from '@/api/session'
import { day, t, tn } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { OneTime } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Field, inputLook } from '@/kit/field'
import { fresh } from '@/kit/fresh'
import { useBlocked } from '@/kit/page'
import { PrintButton, Printed } from '@/kit/printed'
import { toast } from '@/kit/toast'
import { Button, Callout, Card, Spinner } from '@/kit/ui'

const Qr = lazy(() => import('@/kit/qr'))
const cancelled = (problem: Problem) => problem.code === 'step_up_required'

function Kit({ kit, onClose }: { kit: string; onClose: () => void }) {
  const session = useSession()
  return (
    <Dialog title={t('recovery.kit')} onClose={onClose} closable={false}>
      <div className="flex flex-col gap-4" data-kit>
        <Callout tone="warn" title={t('tokens.once')}>
          {t('recovery.kit.text')}
        </Callout>
        <Printed title={t('recovery.paper', { cell: session?.cell_name ?? '', domain: session?.domain ?? '' })}>
          <p className="mb-3 hidden print:block">{t('recovery.paper.text', { when: day(Date.now()) })}</p>
          <div className="mb-4 flex justify-center print:justify-start">
            <Suspense fallback={<Spinner />}>
              <Qr text={kit} label={t('recovery.qr')} />
            </Suspense>
          </div>
          <OneTime label={t('recovery.kit')} value={kit} />
        </Printed>
        <div className="flex flex-wrap gap-2">
          <PrintButton />
          <Button look="primary" onClick={onClose}>
            {t('recovery.kept')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function Drill({ onClose }: { onClose: () => void }) {
  const [kit, setKit] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [found, setFound] = useState<number | null>(null)
  const [busy, setBusy] = useState(false)
  const attempt = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      setFound((await fresh(() => take(client.POST('/vault/recovery-kit/drill', { body: { kit: kit.trim() } })))).secrets)
    } catch (error) {
      const what = asProblem(error)
      if (!cancelled(what)) setProblem(what)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('recovery.drill')} subtitle={t('recovery.drill.text')} onClose={onClose}>
      {found !== null ? (
        <div className="flex flex-col gap-4">
          <Callout tone="good" title={t('recovery.drill.good')}>
            {tn('recovery.drill.secrets', found)}
          </Callout>
          <div>
            <Button onClick={onClose}>{t('done')}</Button>
          </div>
        </div>
      ) : (
        <form onSubmit={(event) => void attempt(event)} noValidate className="flex flex-col gap-5">
          <Field label={t('recovery.on_paper')} hint={t('recovery.on_paper.hint')} error={problem ? byField(problem, ['kit']).fields.kit || problem.detail || problem.title : undefined} required>
            {(ids) => <textarea {...ids} data-first rows={3} spellCheck={false} autoComplete="off" autoCapitalize="none" className={`${inputLook} font-mono text-sm`} value={kit} onChange={(event) => setKit(event.target.value)} />}
          </Field>
          <div>
            <Button type="submit" look="primary" icon={ShieldCheck} busy={busy} disabled={!kit.trim()}>
              {t('recovery.drill.submit')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function MasterKey({ onClose }: { onClose: () => void }) {
  const [by, setBy] = useState<'key_file' | 'passphrase'>('key_file')
  const [passphrase, setPassphrase] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const change = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem(null)
    try {
      await fresh(() => take(client.POST('/vault/master-key', { body: by === 'passphrase' ? { passphrase } : {} })))
      toast({ tone: 'good', title: t('master.changed'), detail: t('master.changed.text'), stays: true })
      onClose()
    } catch (error) {
      const what = asProblem(error)
      if (!cancelled(what)) setProblem(what)
    } finally {
      setBusy(false)
    }
  }
  const error = problem ? byField(problem, ['passphrase']).fields.passphrase : undefined
  return (
    <Dialog title={t('master.change')} subtitle={t('master.text')} onClose={onClose}>
      <form onSubmit={(event) => void change(event)} noValidate className="flex flex-col gap-5">
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 text-sm font-medium">{t('master.by')}</legend>
          {(['key_file', 'passphrase'] as const).map((one) => (
            <label key={one} className="flex min-h-9 items-start gap-2.5 text-sm">
              <input type="radio" name="by" className="mt-0.5 size-4 accent-[var(--accent)]" checked={by === one} onChange={() => setBy(one)} />
              <span>
                {t(`master.by.${one}`)} <span className="block text-[0.8125rem] text-soft">{t(`master.by.${one}.text`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {by === 'passphrase' && (
          <Field label={t('backup.passphrase')} error={error} required>
            {(ids) => <input {...ids} type="password" autoComplete="new-password" className={inputLook} value={passphrase} onChange={(event) => setPassphrase(event.target.value)} />}
          </Field>
        )}
        {problem && !error && (
          <div role="alert">
            <Callout tone="bad" title={problem.title}>
              {problem.detail}
            </Callout>
          </div>
        )}
        <div>
          <Button type="submit" look="primary" icon={KeyRound} busy={busy} disabled={by === 'passphrase' && !passphrase}>
            {t('master.change')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function Recovery() {
  const blocked = useBlocked('post', '/vault/recovery-kit')
  const [kit, setKit] = useState<string | null>(null)
  const [open, setOpen] = useState<'drill' | 'master' | null>(null)
  const show = async () => {
    try {
      setKit((await fresh(() => take(client.POST('/vault/recovery-kit')))).kit)
    } catch (error) {
      const problem = asProblem(error)
      if (!cancelled(problem)) tellProblem(problem)
    }
  }
  return (
    <Card title={t('recovery.title')}>
      <div className="flex flex-col gap-4">
        <p className="text-sm text-soft">{t('recovery.text')}</p>
        {blocked ? (
          <Callout tone="info">{blocked}</Callout>
        ) : (
          <div className="flex flex-wrap gap-2">
            <Button look="primary" icon={ScrollText} onClick={() => void show()}>
              {t('recovery.show')}
            </Button>
            <Button icon={ShieldCheck} onClick={() => setOpen('drill')}>
              {t('recovery.drill')}
            </Button>
            <Button icon={FileKey2} onClick={() => setOpen('master')}>
              {t('master.change')}
            </Button>
          </div>
        )}
      </div>
      {kit && <Kit kit={kit} onClose={() => setKit(null)} />}
      {open === 'drill' && <Drill onClose={() => setOpen(null)} />}
      {open === 'master' && <MasterKey onClose={() => setOpen(null)} />}
    </Card>
  )
}
