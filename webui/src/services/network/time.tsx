// The cell's time: whom it asks, and what each of them says now.
import { Plus, X } from 'lucide-react'
import type { Schemas } from '@/api/client'
import { useAt } from '@/api/time'
import { number, t, tOr } from '@/i18n'
import { inputLook, type FieldSpec } from '@/kit/field'
import type { Input } from '@/kit/form-values'
import { Table, rowsOf, useLive, type LiveRow } from '@/kit/live-table'
import { ServiceTrouble, StateOf } from '@/kit/service-page'
import { Singleton } from '@/kit/singleton'
import { Badge, Button, Card, IconButton, Mono, type Tone } from '@/kit/ui'

type Source = Schemas['NtpSource']

function Sources({ value, set, error, label }: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) {
  const sources = Array.isArray(value) ? (value as Source[]) : []
  const put = (at: number, some: Partial<Source>) => set(sources.map((one, index) => (index === at ? { ...one, ...some } : one)))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <p className="text-[0.8125rem] text-soft">{t('ntp.sources.hint')}</p>
      {sources.map((source, at) => (
        <div key={at} className="grid grid-cols-[1fr_auto] items-center gap-2 sm:grid-cols-[1fr_9rem_auto_auto]">
          <input aria-label={t('ntp.host', { number: at + 1 })} aria-invalid={!!error || undefined} placeholder="time.example.org" spellCheck={false} autoCapitalize="none" className={inputLook} value={source.host} onChange={(event) => put(at, { host: event.target.value.trim() })} />
          <IconButton className="sm:order-last" label={t('ntp.remove', { name: source.host || String(at + 1) })} icon={X} onClick={() => set(sources.filter((_, index) => index !== at))} />
          <select aria-label={t('ntp.kind', { number: at + 1 })} className={inputLook} value={source.kind ?? 'server'} onChange={(event) => put(at, { kind: event.target.value as 'server' | 'pool' })}>
            <option value="server">{t('ntp.kind.server')}</option>
            <option value="pool">{t('ntp.kind.pool')}</option>
          </select>
          <label className="flex min-h-10 items-center gap-2 px-1 text-sm" title={t('ntp.nts.hint')}>
            <input type="checkbox" className="size-4 accent-[var(--accent)]" checked={source.nts ?? false} onChange={(event) => put(at, { nts: event.target.checked })} />
            {t('ntp.nts')}
          </label>
        </div>
      ))}
      {error && <p className="text-[0.8125rem] font-medium text-bad" data-error>{error}</p>}
      <div>
        <Button small icon={Plus} onClick={() => set([...sources, { host: '', kind: 'server', nts: false }])}>
          {t('ntp.add')}
        </Button>
      </div>
    </fieldset>
  )
}

const fields: FieldSpec[] = [{ name: 'sources', render: (control) => <Sources {...control} /> }]

/** Seconds, in the unit that reads best. */
export function span(seconds: number): string {
  const size = Math.abs(seconds)
  const [unit, times] = size >= 1 ? ['s', 1] : size >= 1e-3 ? ['ms', 1e3] : ['µs', 1e6]
  return `${number(Math.round(seconds * times * 10) / 10)} ${unit}`
}

const tones: Record<string, Tone> = { selected: 'good', combined: 'info', not_combined: 'idle', falseticker: 'bad', unusable: 'warn', too_variable: 'warn' }

/** The last eight polls, newest last, of a register such as 377 (octal). */
export const reached = (octal: LiveRow[string] | undefined): boolean[] => {
  const bits = parseInt(String(octal ?? '0'), 8) || 0
  return Array.from({ length: 8 }, (_, at) => (bits >> (7 - at)) % 2 === 1)
}

function Reach({ octal }: { octal: LiveRow[string] | undefined }) {
  const polls = reached(octal)
  const heard = polls.filter(Boolean).length
  return (
    <span className="inline-flex items-center gap-0.5" role="img" aria-label={t('ntp.reached', { heard, of: polls.length })} title={t('ntp.reached', { heard, of: polls.length })}>
      {polls.map((one, at) => (
        <span key={at} className={`h-4 w-1.5 rounded-sm ${one ? 'bg-accent' : 'bg-line'}`} />
      ))}
    </span>
  )
}

function Now() {
  const tables = useLive('ntp')
  const stats = new Map(rowsOf(tables, 'statistics').map((row) => [String(row.source), row]))
  const rows: LiveRow[] = rowsOf(tables, 'sources').map((row) => ({ ...stats.get(String(row.source)), ...row }))
  const has = (name: string) => rows.some((row) => name in row)
  const seconds = (name: string) => (row: LiveRow) => (row[name] === null || row[name] === undefined ? '–' : span(Number(row[name])))
  return (
    <Card flush title={t('ntp.now')}>
      {rows.length ? (
        <Table
          label={t('ntp.now')}
          rows={rows}
          id={({ source }) => String(source)}
          columns={[
            { key: 'source', title: t('ntp.source'), cell: ({ source }) => <Mono>{String(source)}</Mono> },
            ...(has('state') ? [{ key: 'state', title: t('ntp.state'), cell: ({ state }: LiveRow) => <Badge tone={tones[String(state)] ?? 'idle'}>{tOr(`ntp.state.${String(state)}`, String(state))}</Badge> }] : []),
            ...(has('stratum') ? [{ key: 'stratum', title: t('ntp.stratum'), number: true, cell: ({ stratum }: LiveRow) => String(stratum ?? '–') }] : []),
            ...(has('reach') ? [{ key: 'reach', title: t('ntp.reach'), cell: ({ reach }: LiveRow) => <Reach octal={String(reach ?? 0)} /> }] : []),
            { key: 'offset', title: t('ntp.offset'), number: true, cell: seconds('offset_seconds') },
            { key: 'deviation', title: t('ntp.deviation'), number: true, cell: seconds('deviation_seconds') },
          ]}
        />
      ) : (
        <p className="p-5 text-sm text-soft">{t('ntp.silent')}</p>
      )}
    </Card>
  )
}

export function Time() {
  const past = useAt() !== undefined
  return (
    <div className="flex flex-col gap-5">
      <ServiceTrouble service="ntp" />
      {!past && <Now />}
      <Singleton path="/ntp" stream="ntp" method="put" schema="SetNtp" words="ntp" fields={fields} action={<StateOf service="ntp" />} />
    </div>
  )
}
