// Where people type what they look for in a list or a log.
import { Search } from 'lucide-react'
import { t } from '@/i18n'
import { cx } from './ui'

export function SearchField({ label, value, onChange, className }: { label: string; value: string; onChange: (words: string) => void; className: string }) {
  return (
    <div className={cx('relative', className)}>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-soft" />
      <input
        type="search"
        aria-label={label}
        placeholder={t('search')}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-10 w-full rounded-lg border border-line-strong bg-surface pr-3 pl-9 text-sm sm:min-h-9"
      />
    </div>
  )
}
