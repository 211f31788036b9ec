// Lines that programs said, oldest first, in a box of their own: only those in sight are there, the newest is followed until
// somebody scrolls up, and what is searched for is marked.
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { dateTime, t, timeOfDay } from '@/i18n'
import { Button, cx } from './ui'

export interface LogLine {
  id: string
  /** RFC 3339. */
  at: string
  /** Who said it, where the lines of several stand together. */
  from?: string
  text: string
  tone?: 'bad' | 'warn' | undefined
}

/** How bad a line sounds; programs have no level in common. */
export const soundsLike = (text: string): LogLine['tone'] =>
  /\b(error|fatal|panic|critical|emerg|alert)\b/i.test(text) ? 'bad' : /\b(warn|warning|refused|denied|failed|timeout)\b/i.test(text) ? 'warn' : undefined

/** The text in parts; every second one is what was searched for. */
export function parts(text: string, words: string[]): string[] {
  const wanted = words.filter(Boolean).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return wanted.length ? text.split(new RegExp(`(${wanted.join('|')})`, 'gi')) : [text]
}

const row_height = 22
const beyond = 20
const at_end = 8

export function LogLines({ label, lines, words = '', empty, tall }: { label: string; lines: LogLine[]; words?: string; empty: string; tall?: boolean }) {
  const box = useRef<HTMLDivElement>(null)
  const [follows, setFollows] = useState(true)
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => row_height, overscan: beyond, getItemKey: (at) => lines[at]!.id })
  const newest = lines.at(-1)?.id
  const toEnd = () => lines.length && virtual.scrollToIndex(lines.length - 1, { align: 'end' })
  useLayoutEffect(() => {
    if (follows) toEnd()
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [newest, lines.length, follows])
  // Rows are measured once they are there, which moves the end.
  useEffect(() => {
    if (!follows) return
    const frame = requestAnimationFrame(() => box.current && (box.current.scrollTop = box.current.scrollHeight))
    return () => cancelAnimationFrame(frame)
  }, [newest, follows])
  const wanted = words.split(/\s+/)
  return (
    <div className="relative">
      <div
        ref={box}
        role="log"
        aria-label={label}
        aria-live="off"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => setFollows(scrollTop + clientHeight >= scrollHeight - at_end)}
        className={cx('overflow-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs leading-5', tall ? 'h-[62dvh] min-h-72' : 'max-h-[26rem]')}
      >
        {lines.length ? (
          <div className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((at) => {
              const line = lines[at.index]!
              return (
                <div key={at.key} data-index={at.index} ref={virtual.measureElement} className="absolute inset-x-0 top-0" style={{ transform: `translateY(${at.start}px)` }}>
                  <time className="mr-2 text-soft" dateTime={line.at} title={dateTime(line.at)}>
                    {timeOfDay(line.at)}
                  </time>
                  {line.from && <span className="mr-2 font-semibold text-accent-text">{line.from}</span>}
                  <span className={cx('break-words whitespace-pre-wrap', line.tone === 'bad' && 'text-bad', line.tone === 'warn' && 'text-warn')}>
                    {parts(line.text, wanted).map((part, index) => (index % 2 ? <mark key={index} className="rounded-sm bg-warn-soft text-warn">{part}</mark> : part))}
                  </span>
                </div>
              )
            })}
          </div>
        ) : (
          <span className="text-soft">{empty}</span>
        )}
      </div>
      {!follows && lines.length > 0 && (
        <Button small icon={ArrowDown} className="absolute right-4 bottom-3 shadow-high" onClick={() => setFollows(true)}>
          {t('log.newest')}
        </Button>
      )}
    </div>
  )
}
