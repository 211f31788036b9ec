// Changes that are taken back unless somebody says that they may stay: over every page, with the time that is left, since
// whoever made one may have lost the page that it was made on.
import { Check, Hourglass } from 'lucide-react'
import { useEffect, useState } from 'react'
import { change as make } from '@/api/change'
import { theFeed } from '@/api/feed'
import { useList, type Item } from '@/api/query'
import { t } from '@/i18n'
import { usePress } from '@/kit/commit'
import { useBlocked } from '@/kit/page'
import { toast } from '@/kit/toast'
import { Button } from '@/kit/ui'

type WaitingChange = Item<'/changes/waiting'>

/** "1:05", and never less than nothing. */
export function left(until: string, now: number): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

function One({ change }: { change: WaitingChange }) {
  const blocked = useBlocked('post', '/changes/{seq}/confirm')
  const { press, busy } = usePress()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <li data-waiting={change.seq} className="flex flex-wrap items-center justify-center gap-x-3 gap-y-2 bg-warn-soft px-4 py-2 text-sm text-warn">
      <Hourglass aria-hidden className="size-4 shrink-0" />
      <span>
        {t('waiting.text', { seq: change.seq })} <span className="font-semibold tabular-nums" role="timer">{left(change.until, now)}</span>
      </span>
      {!blocked && (
        <Button small look="primary" icon={Check} busy={busy} onClick={() => void press(make('post', '/changes/{seq}/confirm', { params: { seq: change.seq } }), { title: t('waiting.kept', { seq: change.seq }), undo: false })}>
          {t('waiting.keep')}
        </Button>
      )}
    </li>
  )
}

export default function Waiting() {
  const waiting = useList('/changes/waiting').data
  useEffect(() => theFeed().follow(({ type, data }) => type === 'ConfirmationLapsed' && !data.kept && toast({ tone: 'warn', title: t('waiting.lapsed', { seq: Number(data.seq) }), stays: true })), [])
  return (
    <ul aria-label={t('waiting')} className="empty:hidden">
      {waiting?.map((one) => (
        <One key={one.id} change={one} />
      ))}
    </ul>
  )
}
