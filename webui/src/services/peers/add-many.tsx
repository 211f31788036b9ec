// Many devices at once: a name a line, one change, all or none.
import { useState } from 'react'
import { changeSet, rehearse, type Plan } from '@/api/change'
import { asProblem, pointerParts, type Problem } from '@/api/problem'
import { t, tn } from '@/i18n'
import { commitAndTell } from '@/kit/commit'
import { Drawer } from '@/kit/dialog'
import { Field, inputLook } from '@/kit/field'
import { PlanView } from '@/kit/plan'
import { Button } from '@/kit/ui'

const most = 1000

export const namesIn = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

/** "printer: another peer is called printer", by the pointer into the change-set. */
export function objections(problem: Problem, names: string[]): string {
  if (!problem.errors.length) return problem.offline ? t('problem.nothing_lost') : problem.detail || problem.title
  return problem.errors
    .map(({ pointer, detail }) => {
      const at = Number(pointerParts(pointer)[1])
      return names[at] ? `${names[at]}: ${detail}` : detail
    })
    .join('\n')
}

export function AddMany({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [plan, setPlan] = useState<Plan | null>(null)
  const [busy, setBusy] = useState(false)
  const names = namesIn(text).slice(0, most)
  const make = () => changeSet(names.map((name) => ({ type: 'AddPeer', data: { name } })), t('peers.add_many'))
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await what()
    } catch (error) {
      setPlan(null)
      setProblem(asProblem(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Drawer title={t('peers.add_many')} subtitle={t('peers.add_many.text')} onClose={onClose}>
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault()
          void attempt(async () => {
            await commitAndTell(make(), { title: tn('peers.added_many', names.length) })
            onClose()
          })
        }}
      >
        <Field label={t('peers.names')} hint={t('peers.names.hint')} error={problem ? objections(problem, names) : undefined} required>
          {(ids) => (
            <textarea
              {...ids}
              data-first
              rows={8}
              spellCheck={false}
              className={inputLook}
              placeholder={'phone\nlaptop\ntv'}
              value={text}
              onChange={(event) => {
                setText(event.target.value)
                setPlan(null)
              }}
            />
          )}
        </Field>
        {plan && <PlanView plan={plan} />}
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" busy={busy} disabled={!names.length}>
            {tn('peers.add_count', names.length)}
          </Button>
          <Button busy={busy} disabled={!names.length} onClick={() => void attempt(async () => setPlan(await rehearse(make())))}>
            {t('plan.show')}
          </Button>
        </div>
      </form>
    </Drawer>
  )
}
