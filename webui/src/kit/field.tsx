// One labelled input: its words, its hint, its error and how they are tied together for a screen reader.
import * as RadixSwitch from '@radix-ui/react-switch'
import { useId, type ReactNode } from 'react'
import { t, tOr } from '@/i18n'
import { kindOf, type FieldSchema, type Input } from './form-values'
import { cx } from './ui'

export const inputLook =
  'w-full min-h-11 sm:min-h-10 rounded-lg border border-line-strong bg-surface px-3 py-2 text-[0.9375rem] transition-colors aria-invalid:border-bad disabled:opacity-60'

interface Frame {
  label: ReactNode
  hint?: ReactNode
  error?: string | undefined
  required?: boolean
  children: (ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true; 'aria-required'?: true }) => ReactNode
  inline?: boolean
}

export function Field({ label, hint, error, required, children, inline }: Frame) {
  const id = useId()
  const told = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(' ')
  const ids = { id, ...(told && { 'aria-describedby': told }), ...(error && { 'aria-invalid': true as const }), ...(required && { 'aria-required': true as const }) }
  return (
    <div className={cx('flex min-w-0', inline ? 'flex-row-reverse items-start justify-end gap-3' : 'flex-col gap-1.5')}>
      <div className={inline ? 'min-w-0 flex-1' : ''}>
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {inline && hint && (
          <p id={`${id}h`} className="text-[0.8125rem] text-soft">
            {hint}
          </p>
        )}
      </div>
      {children(ids)}
      {!inline && hint && !error && (
        <p id={`${id}h`} className="text-[0.8125rem] text-soft">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}e`} className="text-[0.8125rem] font-medium text-bad" data-error>
          {error}
        </p>
      )}
    </div>
  )
}

export function Switch({ checked, onChange, label, disabled, ...ids }: { checked: boolean; onChange: (on: boolean) => void; label?: string; disabled?: boolean; id?: string }) {
  return (
    <RadixSwitch.Root
      {...ids}
      aria-label={label}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      className="relative mt-0.5 h-6 w-10 shrink-0 rounded-full border border-line-strong bg-sunken transition-colors disabled:opacity-50 data-[state=checked]:border-accent data-[state=checked]:bg-accent"
    >
      <RadixSwitch.Thumb className="block size-4 translate-x-1 rounded-full bg-line-strong transition-transform data-[state=checked]:translate-x-[1.2rem] data-[state=checked]:bg-accent-ink" />
    </RadixSwitch.Root>
  )
}

export interface FieldSpec {
  name: string
  /** Under "more", out of the way of who needs only the common things. */
  advanced?: boolean
  /** Half as wide where there is room, beside another such. */
  half?: boolean
  /** secret: several lines, such as a key, and hidden as a password is. Neither is kept in a draft. */
  as?: 'password' | 'secret' | 'textarea'
  mono?: boolean
  placeholder?: string
  /** For choices, what each value is called; for lists, what may be chosen. */
  options?: { value: string; label: string }[]
  /** What may well be meant, offered while one types. */
  suggestions?: { value: string; label: string }[]
  hint?: ReactNode
  hintFor?: (inputs: Record<string, Input>) => ReactNode
  when?: (inputs: Record<string, Input>) => boolean
  /** A control of its own, where no plain input will do. */
  render?: (control: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) => ReactNode
  autoComplete?: string
}

interface ControlProps {
  spec: FieldSpec
  schema: FieldSchema
  words: string
  value: Input
  set: (value: Input) => void
  error: string | undefined
  required: boolean
  /** Say that it may be left out; not where everything may, as in a change. */
  optional: boolean
  autoFocus?: boolean
}

export function Control({ spec, schema, words, value, set, error, required, optional, autoFocus }: ControlProps) {
  const label = tOr(`${words}.${spec.name}`, spec.name.replaceAll('_', ' '))
  const hint = spec.hint ?? (tOr(`${words}.${spec.name}.hint`, '') || undefined)
  const width = spec.half ? '' : 'sm:col-span-2'
  if (spec.render) return <div data-field={spec.name} className={width}>{spec.render({ value, set, error, label })}</div>
  const kind = kindOf(schema)
  if (kind === 'switch') {
    return (
      <div data-field={spec.name} className={width}>
        <Field label={label} hint={hint} error={error} inline>
          {(ids) => <Switch {...ids} checked={value === true} onChange={set} />}
        </Field>
      </div>
    )
  }
  const text = typeof value === 'string' ? value : ''
  const common = { className: cx(inputLook, spec.mono && 'font-mono text-sm'), 'data-first': autoFocus || undefined, spellCheck: false, autoCapitalize: 'none' } as const
  return (
    <div data-field={spec.name} className={width}>
      <Field label={<>{label}{optional && <span className="ml-1.5 font-normal text-soft">{t('optional')}</span>}</>} hint={hint} error={error} required={required}>
        {(ids) => {
          if (kind === 'select' || spec.options) {
            const options = spec.options ?? (schema.enum ?? []).map((one) => ({ value: one, label: tOr(`${words}.${spec.name}.${one}`, one) }))
            return (
              <select {...ids} {...common} value={text} onChange={(event) => set(event.target.value)}>
                {!options.some((one) => one.value === text) && <option value={text}>{t('choose')}</option>}
                {options.map((one) => (
                  <option key={one.value} value={one.value}>
                    {one.label}
                  </option>
                ))}
              </select>
            )
          }
          if (kind === 'list' || spec.as === 'textarea' || spec.as === 'secret') {
            const lines = Math.min(Math.max(text.split('\n').length, 2), 8)
            return <textarea {...ids} {...common} className={cx(common.className, spec.as === 'secret' && 'text-hidden font-mono text-sm')} autoComplete="off" rows={lines} placeholder={spec.placeholder} value={text} onChange={(event) => set(event.target.value)} />
          }
          const input = (
            <input
              {...ids}
              {...common}
              list={spec.suggestions && `${ids.id}s`}
              type={spec.as === 'password' ? 'password' : kind === 'moment' ? 'datetime-local' : 'text'}
              inputMode={kind === 'number' ? 'numeric' : undefined}
              maxLength={schema.maxLength}
              placeholder={spec.placeholder}
              autoComplete={spec.autoComplete ?? 'off'}
              value={text}
              onChange={(event) => set(event.target.value)}
            />
          )
          if (!spec.suggestions) return input
          return (
            <>
              {input}
              <datalist id={`${ids.id}s`}>
                {spec.suggestions.map((one) => (
                  <option key={one.value} value={one.value} label={one.label} />
                ))}
              </datalist>
            </>
          )
        }}
      </Field>
    </div>
  )
}
