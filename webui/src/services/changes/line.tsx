// One change as a line: what, who, when. Everywhere that changes are listed.
import { relative, t, tn } from '@/i18n'
import { cx } from '@/kit/ui'
import { phrase, who, type ChangeOf } from './events'

const dots: Record<string, string> = { Added: 'bg-good', Removed: 'bg-bad', Revoked: 'bg-bad', Changed: 'bg-info', Set: 'bg-info', Rotated: 'bg-warn' }
const dot = (type: string) => dots[Object.keys(dots).find((end) => type.endsWith(end)) ?? ''] ?? 'bg-line-strong'

export function ChangeLine({ change, known, onOpen }: { change: ChangeOf; known: (id: string) => string | undefined; onOpen: () => void }) {
  const { first, last, events } = change
  return (
    <button type="button" onClick={onOpen} data-seq={last.seq} className="flex w-full items-start gap-3 px-4 py-2.5 text-left hover:bg-raised sm:px-5">
      <span aria-hidden className={cx('mt-2 size-2 shrink-0 rounded-full', first.causation ? 'bg-warn' : dot(first.type))} />
      <span className="min-w-0 flex-1">
        <span className="block text-sm break-words">
          <strong className="font-semibold">{who(first.actor)}</strong> {phrase(first, known)}
          {events.length > 1 && <span className="text-soft"> {tn('changes.more', events.length - 1)}</span>}
          {first.causation && <span className="text-soft"> · {t('changes.undoes', { seq: first.causation })}</span>}
        </span>
        <span className="text-xs text-soft">
          <span className="tabular-nums">#{last.seq}</span> · <time dateTime={first.at}>{relative(first.at)}</time>
        </span>
      </span>
    </button>
  )
}
