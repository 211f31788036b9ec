// Through time: every page as it was after any event. Dragging asks for the moment once the hand rests, and what the event
// there was stands beside it.
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, History, RotateCcw, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { change } from '@/api/change'
import { useFeed } from '@/api/feed'
import { useMay } from '@/api/session'
import { useAt, useSetAt } from '@/api/time'
import { dateTime, t } from '@/i18n'
import { PlannedDialog } from '@/kit/planned'
import { Button, IconButton } from '@/kit/ui'
import { eventAt, phrase } from '@/services/changes/events'

const rest = 150

export default function TimeBar({ onClose }: { onClose: () => void }) {
  const { head } = useFeed()
  const at = useAt()
  const setAt = useSetAt()
  const [drag, setDrag] = useState<number | null>(null)
  const [restoring, setRestoring] = useState(false)
  const mayRestore = useMay('post', '/restore')
  const shown = drag ?? at ?? head
  useEffect(() => {
    if (drag === null) return
    const timer = setTimeout(() => {
      setDrag(null)
      void setAt(drag >= head ? undefined : drag)
    }, rest)
    return () => clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [drag])
  const event = useQuery({ ...eventAt(shown), enabled: shown > 0 }).data
  const step = (by: number) => setDrag(Math.min(Math.max(shown + by, 1), head))
  const past = at !== undefined
  return (
    <section aria-label={t('time')} data-timebar className={past ? 'border-b border-line bg-info-soft' : 'border-b border-line bg-surface'}>
      <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 sm:px-6 lg:px-8">
        <History aria-hidden className="hidden size-4 text-soft sm:block" />
        <IconButton label={t('time.back')} icon={ChevronLeft} disabled={shown <= 1} onClick={() => step(-1)} />
        <input
          type="range"
          aria-label={t('time.slider')}
          aria-valuetext={event ? `#${shown}, ${dateTime(event.at)}` : `#${shown}`}
          min={1}
          max={Math.max(head, 1)}
          value={shown}
          onChange={(change) => setDrag(Number(change.target.value))}
          className="h-9 min-w-32 flex-1 accent-[var(--accent)]"
        />
        <IconButton label={t('time.forward')} icon={ChevronRight} disabled={shown >= head} onClick={() => step(1)} />
        <div className="flex flex-wrap items-center gap-2">
          {past && (
            <>
              <Button small look="primary" onClick={() => void setAt(undefined)}>
                {t('time.now')}
              </Button>
              {mayRestore && (
                <Button small icon={RotateCcw} onClick={() => setRestoring(true)}>
                  {t('time.restore')}
                </Button>
              )}
            </>
          )}
          <IconButton
            label={t('close')}
            icon={X}
            onClick={() => {
              void setAt(undefined)
              onClose()
            }}
          />
        </div>
        <p className="w-full text-[0.8125rem] text-soft" aria-live="polite">
          <span className="font-medium text-ink tabular-nums">#{shown}</span>
          {event && event.seq === shown && (
            <>
              {' '}
              · {dateTime(event.at)} · {phrase(event)}
            </>
          )}
          {past && <strong className="ml-1 font-medium text-info">{t('time.readonly')}</strong>}
        </p>
      </div>
      {restoring && at !== undefined && (
        <PlannedDialog
          title={t('restore.title', { seq: at })}
          text={t('restore.text')}
          change={change('post', '/restore', { body: { to_seq: at } })}
          submit={t('restore.submit')}
          said={t('restore.said', { seq: at })}
          onDone={() => void setAt(undefined)}
          onClose={() => setRestoring(false)}
        />
      )}
    </section>
  )
}
