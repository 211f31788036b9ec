// Some of a few: checkboxes, and where null means "all of them, also those to come", a choice between that and these only.
import { t } from '@/i18n'
import type { Input } from './form-values'

interface Props {
  value: Input
  set: (value: Input) => void
  error: string | undefined
  label: string
  choices: { value: string; label: string }[]
  /** What "all" is called; left out where an empty list is just empty. */
  every?: string
}

export function Choose({ value, set, error, label, choices, every }: Props) {
  const listed = Array.isArray(value) ? (value as string[]) : typeof value === 'string' && value ? value.split('\n') : null
  const chosen = every === undefined ? (listed ?? []) : listed
  const toggle = (one: string) => set(chosen!.includes(one) ? chosen!.filter((other) => other !== one) : [...chosen!, one])
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      {every !== undefined && (
        <>
          <label className="flex min-h-8 items-center gap-2.5 text-sm">
            <input type="radio" className="size-4 accent-[var(--accent)]" checked={chosen === null} onChange={() => set('')} /> {every}
          </label>
          <label className="flex min-h-8 items-center gap-2.5 text-sm">
            <input type="radio" className="size-4 accent-[var(--accent)]" checked={chosen !== null} onChange={() => set([])} /> {t('choose.only_these')}
          </label>
        </>
      )}
      {chosen !== null && (
        <div className={every === undefined ? 'flex flex-wrap gap-x-5 gap-y-1' : 'ml-6 flex flex-wrap gap-x-5 gap-y-1'}>
          {choices.map((choice) => (
            <label key={choice.value} className="flex min-h-8 items-center gap-2.5 text-sm">
              <input type="checkbox" className="size-4 accent-[var(--accent)]" checked={chosen.includes(choice.value)} onChange={() => toggle(choice.value)} /> {choice.label}
            </label>
          ))}
          {!choices.length && <span className="text-sm text-soft">{t('choose.none')}</span>}
        </div>
      )}
      {error && (
        <p className="text-[0.8125rem] font-medium text-bad" data-error>
          {error}
        </p>
      )}
    </fieldset>
  )
}
