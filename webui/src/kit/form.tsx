// The form of a change. Its fields, limits and types come from the API's schema; a page says which fields, in which order,
// and what change they make. It can show its plan first, keeps what was typed until it is committed, puts every objection
// on its field with the focus there, and shows both versions when somebody else was faster.
import { Eye } from 'lucide-react'
import { useEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { rehearse, type Change, type Done, type Plan } from '@/api/change'
import { asProblem, byField, type Problem } from '@/api/problem'
import { useMay } from '@/api/session'
import { t, tn } from '@/i18n'
import { commitAndTell } from './commit'
import { ConflictView } from './conflict'
import { dropDraft, keepDraft, readDraft } from './draft'
import { Control, Field, inputLook, type FieldSpec } from './field'
import { creation, formSchema, patch, same, toInput, toValue, type FormName, type Input, type Inputs } from './form-values'
import { PlanView } from './plan'
import { Button, Callout } from './ui'

const waits = [0, 120, 600, 3600]

type Resource = Record<string, unknown> & { version?: number }

interface Props {
  schema: FormName
  words: string
  fields: FieldSpec[]
  /** What is changed; left out when something is made. */
  original?: Resource | undefined
  /** What a new one starts with. */
  start?: Record<string, unknown>
  /** "whole": PUT, every field goes; else what differs (or, for a new one, what is there). */
  whole?: boolean
  draft?: string
  make: (body: Record<string, unknown>, inputs: Inputs) => Change
  current?: () => Promise<Resource>
  /** The settings within the answer, where the answer holds them deeper. */
  within?: (answer: Record<string, unknown>) => Resource
  said: (done: Done) => string
  submit: string
  onDone?: (done: Done) => void
  onCancel?: () => void
  undo?: boolean
  canPlan?: boolean
  blocked?: string | undefined
  /** It may cut off who makes it: offer to take it back by itself unless somebody confirms. */
  careful?: boolean | undefined
  children?: ReactNode
  focus?: boolean
}

export function ChangeForm(props: Props) {
  const { schema: name, fields, words, start, whole, draft, make, current, within = (answer: Resource) => answer, said, submit, onDone, onCancel, undo = true, canPlan = true, blocked, careful = false, focus = true } = props
  const schema = formSchema(name)
  const [original, setOriginal] = useState(props.original)
  const fresh = useMemo(
    () => Object.fromEntries(fields.map(({ name: field }) => [field, toInput(schema.properties[field] ?? {}, (original ?? start)?.[field])])),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [original],
  )
  const [inputs, setInputs] = useState<Inputs>(() => ({ ...fresh, ...readDraft(draft) }))
  const [problem, setProblem] = useState<Problem | null>(null)
  const [plan, setPlan] = useState<Plan | null>(null)
  const [theirs, setTheirs] = useState<Resource | null>(null)
  const [busy, setBusy] = useState<'plan' | 'commit' | null>(null)
  const [more, setMore] = useState(false)
  const [wait, setWait] = useState(0)
  const canWait = useMay('post', '/changes/{seq}/confirm')
  const attempt = useRef<{ body: string; change: Change } | null>(null)
  const form = useRef<HTMLFormElement>(null)

  const secret = useMemo(() => fields.filter((field) => field.as === 'password' || field.as === 'secret').map((field) => field.name), [fields])
  const dirty = !same(inputs, fresh)
  useEffect(() => {
    if (dirty) keepDraft(draft, inputs, secret)
    else dropDraft(draft)
  }, [dirty, draft, inputs, secret])

  // Somebody else changed it while nothing was typed here: show theirs.
  const version = props.original?.version
  useEffect(() => {
    if (dirty || version === original?.version) return
    setOriginal(props.original)
    setInputs(Object.fromEntries(fields.map(({ name: field }) => [field, toInput(schema.properties[field] ?? {}, props.original?.[field])])))
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [version, dirty])

  const body = (): Record<string, unknown> => {
    if (whole) return Object.fromEntries(fields.map(({ name: field }) => [field, toValue(schema.properties[field] ?? {}, inputs[field])]).filter(([, value]) => value !== undefined))
    return original ? patch(schema, inputs, original) : creation(schema, inputs)
  }

  /** The same body is the same change, with the same idempotency key: a retry after a broken line does nothing twice. */
  const changeNow = (version = original?.version): Change => {
    const now = body()
    const known = JSON.stringify([now, version, wait])
    if (attempt.current?.body !== known) attempt.current = { body: known, change: { ...make(now, inputs), ...(version !== undefined && { version }), ...(wait && { confirmWithin: wait }) } }
    return attempt.current.change
  }

  const objections = problem ? byField(problem, fields.map((field) => field.name)) : null
  const focusFirst = (of: Problem) => {
    const wrong = byField(of, fields.map((field) => field.name)).fields
    const first = fields.find((field) => wrong[field.name])
    if (!first) return
    if (first.advanced) setMore(true)
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[data-field="${first.name}"] :is(input, textarea, select, button)`)?.focus())
  }

  const failed = async (error: unknown) => {
    const what = asProblem(error)
    setProblem(what)
    focusFirst(what)
    if (what.conflict && current) setTheirs(await current().catch(() => null))
  }

  const look = async () => {
    setBusy('plan')
    setProblem(null)
    try {
      setPlan(await rehearse(changeNow()))
    } catch (error) {
      setPlan(null)
      await failed(error)
    } finally {
      setBusy(null)
    }
  }

  const send = async (event?: FormEvent, version?: number) => {
    event?.preventDefault()
    if (busy || blocked) return
    setBusy('commit')
    setProblem(null)
    try {
      const done = await commitAndTell(changeNow(version), (answer) => ({ title: said(answer), undo }))
      dropDraft(draft)
      attempt.current = null
      setTheirs(null)
      setPlan(null)
      onDone?.(done)
      if (done.resource && original) {
        const now = within(done.resource)
        setOriginal(now)
        setInputs(Object.fromEntries(fields.map(({ name: field }) => [field, toInput(schema.properties[field] ?? {}, now[field])])))
      }
    } catch (error) {
      await failed(error)
    } finally {
      setBusy(null)
    }
  }

  const set = (field: string, value: Input) => {
    setInputs((before) => ({ ...before, [field]: value }))
    setPlan(null)
  }

  if (theirs && original) {
    return (
      <ConflictView
        words={words}
        names={fields.map((field) => field.name)}
        mine={body()}
        was={original}
        theirs={theirs}
        busy={busy === 'commit'}
        onMine={() => void send(undefined, theirs.version)}
        onTheirs={() => {
          dropDraft(draft)
          setOriginal(theirs)
          setInputs(Object.fromEntries(fields.map(({ name: field }) => [field, toInput(schema.properties[field] ?? {}, theirs[field])])))
          setTheirs(null)
          setProblem(null)
        }}
        onBack={() => setTheirs(null)}
      />
    )
  }

  const shown = fields.filter((field) => !field.when || field.when(inputs))
  const common = shown.filter((field) => !field.advanced)
  const advanced = shown.filter((field) => field.advanced)
  const control = (field: FieldSpec, at: number) => (
    <Control
      key={field.name}
      spec={field.hintFor ? { ...field, hint: field.hintFor(inputs) } : field}
      schema={schema.properties[field.name] ?? {}}
      words={words}
      value={inputs[field.name] ?? ''}
      set={(value) => set(field.name, value)}
      error={objections?.fields[field.name]}
      required={schema.required.includes(field.name)}
      optional={!original && !schema.required.includes(field.name)}
      autoFocus={focus && at === 0 && !field.advanced}
    />
  )
  return (
    <form ref={form} onSubmit={(event) => void send(event)} noValidate className="flex flex-col gap-5">
      <fieldset disabled={!!blocked} className="grid min-w-0 items-start gap-5 sm:grid-cols-2">
        {common.map(control)}
        {!!advanced.length && (
          <details className="sm:col-span-2" open={more} onToggle={(event) => setMore(event.currentTarget.open)}>
            <summary className="min-h-9 py-1.5 text-sm font-medium text-accent-text">{t('more_settings')}</summary>
            <div className="mt-3 grid items-start gap-5 sm:grid-cols-2">{advanced.map(control)}</div>
          </details>
        )}
      </fieldset>
      {props.children}
      {careful && canWait && !blocked && (
        <Field label={t('waiting.net')} hint={t('waiting.net.hint')}>
          {(ids) => (
            <select
              {...ids}
              className={inputLook}
              value={wait}
              onChange={(event) => {
                setWait(Number(event.target.value))
                setPlan(null)
              }}
            >
              {waits.map((seconds) => (
                <option key={seconds} value={seconds}>
                  {seconds ? tn('waiting.minutes', seconds / 60) : t('waiting.none')}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {problem && (!Object.keys(objections!.fields).length || !!objections!.rest.length) && (
        <div role="alert">
          <Callout tone="bad" title={problem.offline ? t('problem.unreachable') : problem.title}>
            {problem.offline ? t('problem.nothing_lost') : objections!.rest.join('\n') || problem.detail}
          </Callout>
        </div>
      )}
      {plan && <PlanView plan={plan} />}
      {blocked ? (
        <Callout tone="info">{blocked}</Callout>
      ) : (
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="primary" busy={busy === 'commit'} disabled={!!original && !whole && !dirty}>
            {submit}
          </Button>
          {canPlan && (
            <Button icon={Eye} busy={busy === 'plan'} disabled={!!original && !dirty} onClick={() => void look()}>
              {t('plan.show')}
            </Button>
          )}
          {dirty && (
            <Button
              look="quiet"
              onClick={() => {
                setInputs(fresh)
                setProblem(null)
                setPlan(null)
                dropDraft(draft)
              }}
            >
              {t('discard')}
            </Button>
          )}
          {onCancel && !dirty && (
            <Button look="quiet" onClick={onCancel}>
              {t('cancel')}
            </Button>
          )}
        </div>
      )}
    </form>
  )
}
