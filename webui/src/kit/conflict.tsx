// Somebody else was faster (412): both versions side by side, field by field, and what was typed still here.
import { t, tOr } from '@/i18n'
import { disagreements } from './form-values'
import { Badge, Button, Callout } from './ui'

const shown = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '—'
  if (Array.isArray(value)) return value.length ? value.map(shown).join(', ') : '—'
  if (typeof value === 'boolean') return value ? t('yes') : t('no')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

interface Props {
  words: string
  names: string[]
  mine: Record<string, unknown>
  was: Record<string, unknown>
  theirs: Record<string, unknown>
  busy: boolean
  onMine: () => void
  onTheirs: () => void
  onBack: () => void
}

export function ConflictView({ words, names, mine, was, theirs, busy, onMine, onTheirs, onBack }: Props) {
  const rows = disagreements(mine, was, theirs, names)
  return (
    <div data-conflict className="flex flex-col gap-4" role="alert">
      <Callout tone="warn" title={t('conflict.title')}>
        {t('conflict.text')}
      </Callout>
      <div className="overflow-x-auto">
        <table className="w-full text-left text-sm">
          <thead>
            <tr className="border-b border-line text-soft">
              <th className="py-2 pr-3 font-medium">{t('conflict.field')}</th>
              <th className="py-2 pr-3 font-medium">{t('conflict.mine')}</th>
              <th className="py-2 pr-3 font-medium">{t('conflict.theirs')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name} className="border-b border-line align-top">
                <td className="py-2 pr-3 font-medium">
                  {tOr(`${words}.${row.name}`, row.name)} {row.clash && <Badge tone="warn">{t('conflict.both')}</Badge>}
                </td>
                <td className="py-2 pr-3 break-words">{shown(row.mine)}</td>
                <td className="py-2 pr-3 break-words">{shown(row.theirs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" busy={busy} onClick={onMine} autoFocus>
          {t('conflict.keep_mine')}
        </Button>
        <Button onClick={onTheirs}>{t('conflict.take_theirs')}</Button>
        <Button look="quiet" onClick={onBack}>
          {t('conflict.edit')}
        </Button>
      </div>
    </div>
  )
}
