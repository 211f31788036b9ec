// One file that is the whole cell, sealed with a passphrase: taken, and put in the place of what is there.
import { ArchiveRestore, DatabaseBackup } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { raw } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { useMay } from '@/api/session'
import { useAt } from '@/api/time'
import { bytes, t } from '@/i18n'
import { download } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import { Field, inputLook } from '@/kit/field'
import { fresh } from '@/kit/fresh'
import { Button, Callout, Card, Spinner } from '@/kit/ui'

function useAttempt() {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await what()
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, attempt }
}

const header = 'Pic-Passphrase'
const objection = (problem: Problem | null) => problem?.errors.find(({ pointer }) => pointer.startsWith(header))?.detail

function Trouble({ problem }: { problem: Problem | null }) {
  if (!problem || objection(problem)) return null
  return (
    <div role="alert">
      <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
        {problem.detail || t('problem.nothing_lost')}
      </Callout>
    </div>
  )
}

function Passphrase({ value, set, error, hint }: { value: string; set: (value: string) => void; error: string | undefined; hint: string }) {
  return (
    <Field label={t('backup.passphrase')} hint={hint} error={error} required>
      {(ids) => <input {...ids} type="password" autoComplete="new-password" className={inputLook} value={value} onChange={(event) => set(event.target.value)} />}
    </Field>
  )
}

function Take() {
  const [passphrase, setPassphrase] = useState('')
  const { busy, problem, attempt } = useAttempt()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void attempt(async () => {
      const answer = await raw('/backup', { headers: { [header]: passphrase } })
      const stamp = new Date().toISOString().slice(0, 16).replace(/[T:]/g, '-')
      download(`cell-${stamp}.pic`, await answer.blob())
      setPassphrase('')
    })
  }
  return (
    <Card title={t('backup.take')}>
      <form onSubmit={submit} className="flex max-w-xl flex-col gap-4" data-backup>
        <p className="text-sm text-soft">{t('backup.take.text')}</p>
        <Passphrase value={passphrase} set={setPassphrase} error={objection(problem)} hint={t('backup.passphrase.hint')} />
        <Trouble problem={problem} />
        <div>
          <Button type="submit" look="primary" icon={DatabaseBackup} busy={busy}>
            {t('backup.download')}
          </Button>
        </div>
      </form>
    </Card>
  )
}

/** Waits until the cell of that epoch answers: the daemon starts anew after it has taken a backup up. */
async function comesBack(epoch: number): Promise<void> {
  for (;;) {
    const ready = await fetch('/readyz').then((answer) => answer.json() as Promise<{ ready: boolean; epoch: number }>).catch(() => null)
    if (ready?.ready && ready.epoch >= epoch) return
    await new Promise((done) => setTimeout(done, 300))
  }
}

function Restore() {
  const [file, setFile] = useState<File | null>(null)
  const [passphrase, setPassphrase] = useState('')
  const [restarting, setRestarting] = useState(false)
  const { busy, problem, attempt } = useAttempt()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void attempt(async () => {
      const answer = await fresh(() => raw('/backup/restore', { method: 'POST', headers: { [header]: passphrase, 'Content-Type': 'application/octet-stream' }, body: file! }))
      const { epoch } = (await answer.json()) as { epoch: number }
      setRestarting(true)
      await comesBack(epoch)
      // Sessions are in no backup, and what is shown is of another log: begin anew.
      location.assign('/')
    })
  }
  return (
    <Card title={t('backup.restore')}>
      <form onSubmit={submit} noValidate className="flex max-w-xl flex-col gap-4" data-restore>
        <p className="text-sm text-soft">{t('backup.restore.text')}</p>
        <Field label={t('backup.file')} required>
          {(ids) => <input {...ids} type="file" accept=".pic" className={inputLook} onChange={(event) => setFile(event.target.files?.[0] ?? null)} />}
        </Field>
        <Passphrase value={passphrase} set={setPassphrase} error={objection(problem)} hint={t('backup.restore.passphrase')} />
        {file && <Callout tone="warn" title={t('backup.restore.warning')}>{t('backup.restore.warning.text', { name: file.name, size: bytes(file.size) })}</Callout>}
        <Trouble problem={problem?.code === 'step_up_required' ? null : problem} />
        <div>
          <Button type="submit" look="danger" icon={ArchiveRestore} busy={busy} disabled={!file || !passphrase}>
            {t('backup.restore.submit')}
          </Button>
        </div>
      </form>
      {restarting && (
        <Dialog title={t('backup.restored')} onClose={() => undefined} closable={false}>
          <Spinner label={t('backup.restarting')} />
        </Dialog>
      )}
    </Card>
  )
}

export function Backup() {
  const may = useMay('get', '/backup')
  const past = useAt() !== undefined
  if (!may) return <Callout tone="info">{t('blocked.rights')}</Callout>
  return (
    <div className="flex flex-col gap-5">
      <Take />
      {past ? <Callout tone="info">{t('blocked.past')}</Callout> : <Restore />}
    </div>
  )
}
