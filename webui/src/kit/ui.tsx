// The small parts. Their looks are here and nowhere else; a page lays out, it does not paint.
import { AlertTriangle, CheckCircle2, CircleDashed, Info, LoaderCircle, XCircle, type LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { t } from '@/i18n'

export const cx = (...names: (string | false | null | undefined)[]) => names.filter(Boolean).join(' ')

type Look = 'primary' | 'plain' | 'quiet' | 'danger'
const looks: Record<Look, string> = {
  primary: 'bg-accent text-accent-ink hover:brightness-110 border border-transparent',
  plain: 'bg-surface border border-line hover:border-line-strong',
  quiet: 'border border-transparent text-soft hover:bg-sunken hover:text-ink',
  danger: 'bg-surface border border-line text-bad hover:bg-bad-soft hover:border-bad',
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  icon?: LucideIcon
  busy?: boolean
  small?: boolean
}

export function Button({ look = 'plain', icon: Icon, busy, small, children, className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled || busy}
      className={cx(
        'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors disabled:opacity-50',
        small ? 'min-h-8 px-2.5 text-[0.8125rem]' : 'min-h-10 px-3.5 text-sm sm:min-h-9',
        looks[look],
        className,
      )}
    >
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-spin" /> : Icon && <Icon aria-hidden className="size-4" />}
      {children}
    </button>
  )
}

export function IconButton({ label, icon: Icon, className, look = 'quiet', ...rest }: Omit<ButtonProps, 'icon' | 'children'> & { label: string; icon: LucideIcon }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={cx('inline-flex size-10 shrink-0 items-center justify-center rounded-lg transition-colors disabled:opacity-50 sm:size-9', looks[look], className)}
    >
      <Icon aria-hidden className="size-[1.125rem]" />
    </button>
  )
}

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'idle'
export const tones: Record<Tone, string> = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  info: 'bg-info-soft text-info',
  idle: 'bg-sunken text-soft',
}
const marks: Record<Tone, LucideIcon> = { good: CheckCircle2, warn: AlertTriangle, bad: XCircle, info: Info, idle: CircleDashed }

export function Badge({ tone = 'idle', children, mark = false, busy = false }: { tone?: Tone; children: ReactNode; mark?: boolean; busy?: boolean }) {
  const Mark = busy ? LoaderCircle : marks[tone]
  return (
    <span className={cx('inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap', tones[tone])}>
      {(mark || busy) && <Mark aria-hidden className={cx('size-3.5', busy && 'animate-spin')} />}
      {children}
    </span>
  )
}

export function Callout({ tone, title, children, action }: { tone: Tone; title?: ReactNode; children?: ReactNode; action?: ReactNode }) {
  const Mark = marks[tone]
  return (
    <div className={cx('flex flex-wrap items-start gap-x-3 gap-y-2 rounded-xl px-4 py-3 text-sm', tones[tone])}>
      <Mark aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-48 flex-1 basis-0">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className="break-words whitespace-pre-wrap text-ink">{children}</div>}
      </div>
      {action}
    </div>
  )
}

export function Card({ title, action, children, className, flush }: { title?: ReactNode; action?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx('min-w-0 rounded-2xl border border-line bg-surface shadow-low', flush && 'overflow-clip', className)}>
      {title && (
        <header className="flex min-h-13 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-2 sm:px-5">
          <h2 className="text-[0.9375rem] font-semibold">{title}</h2>
          {action}
        </header>
      )}
      <div className={flush ? '' : 'p-4 sm:p-5'}>{children}</div>
    </section>
  )
}

export const Spinner = ({ label = t('loading') }: { label?: string }) => (
  <div role="status" className="flex items-center justify-center gap-2 p-8 text-sm text-soft">
    <LoaderCircle aria-hidden className="size-4 animate-spin" /> {label}
  </div>
)

export const Kbd = ({ children }: { children: ReactNode }) => (
  <kbd className="rounded border border-line bg-sunken px-1.5 py-0.5 font-sans text-[0.6875rem] font-medium text-soft">{children}</kbd>
)

/** Names and what they are, as a list that a screen reader reads in pairs. */
export function Facts({ rows }: { rows: ([ReactNode, ReactNode] | false | null | undefined)[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_1fr] gap-x-4 gap-y-2 text-sm">
      {rows.filter((row) => !!row).map(([name, value], at) => (
        <div key={at} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export const Mono = ({ children }: { children: ReactNode }) => <code className="font-mono text-[0.8125rem] break-all">{children}</code>
