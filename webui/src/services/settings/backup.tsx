// One file that is the whole cell, sealed with a passphrase.
import { DatabaseBackup } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { raw } from '@/api/client'
import { asProblem, type Problem } from '@/api/problem'
import { useMay } from '@/api/session'
import { t } from '@/i18n'
import { download } from '@/kit/copy'
import { Field, inputLook } from '@/kit/field'
import { Button, Callout, Card } from '@/kit/ui'

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

export function Backup() {
  const may = useMay('get', '/backup')
  if (!may) return <Callout tone="info">{t('blocked.rights')}</Callout>
  return <Take />
}
