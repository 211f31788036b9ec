// A change that needs no form but deserves a look: its plan, and one button.
import { useEffect, useMemo, useState } from 'react'
import { rehearse, type Change, type Done, type Plan } from '@/api/change'
import { asProblem, type Problem } from '@/api/problem'
import { t } from '@/i18n'
import { commitAndTell } from './commit'
import { Dialog } from './dialog'
import { PlanView } from './plan'
import { Button, Callout, Spinner } from './ui'

interface Props {
  title: string
  text?: string
  change: Change
  submit: string
  said: string
  danger?: boolean
  undo?: boolean
  onDone?: (done: Done) => void
  onClose: () => void
}

export function PlannedDialog({ title, text, change: given, submit, said, danger, undo = true, onDone, onClose }: Props) {
  // One idempotency key for as long as the dialog is open.
  const change = useMemo(() => given, []) // eslint-disable-line react-hooks/exhaustive-deps
  const [plan, setPlan] = useState<Plan | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    let here = true
    rehearse(change).then(
      (found) => here && setPlan(found),
      (error) => here && setProblem(asProblem(error)),
    )
    return () => {
      here = false
    }
  }, [change])
  const press = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const done = await commitAndTell(change, { title: said, undo })
      onClose()
      onDone?.(done)
    } catch (error) {
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} subtitle={text} onClose={onClose} wide>
      <div className="flex flex-col gap-4">
        {plan ? <PlanView plan={plan} /> : !problem && <Spinner />}
        {problem && (
          <div role="alert">
            <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
              {problem.detail || t('problem.nothing_lost')}
            </Callout>
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          <Button look={danger ? 'danger' : 'primary'} busy={busy} disabled={!plan && !problem?.offline} onClick={() => void press()}>
            {submit}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {t('cancel')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
