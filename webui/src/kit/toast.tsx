// What was done, said once in a corner, with the way back beside it. A message that needs an answer stays until it is
// closed; the others leave after a while, unless the pointer or the focus is on them.
import { Undo2, X } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { createPortal } from 'react-dom'
import { t } from '@/i18n'
import { Rollout } from './rollout'
import { Button, IconButton, cx, type Tone } from './ui'

export interface Toast {
  id: number
  tone: Tone
  title: string
  detail?: string | undefined
  /** The change that this is about: shows how far its services are. */
  seq?: number | undefined
  undo?: (() => void) | undefined
  stays?: boolean
}

const shown_for = 9000
const most = 4

let toasts: Toast[] = []
let next = 1
const watchers = new Set<() => void>()
const set = (now: Toast[]) => {
  toasts = now
  watchers.forEach((told) => told())
}

export const dismiss = (id: number) => set(toasts.filter((one) => one.id !== id))
export function toast(one: Omit<Toast, 'id'>): number {
  const id = next++
  set([...toasts, { ...one, id }].slice(-most))
  return id
}

const watch = (told: () => void) => {
  watchers.add(told)
  return () => void watchers.delete(told)
}

const edges: Record<Tone, string> = { good: 'border-l-good', warn: 'border-l-warn', bad: 'border-l-bad', info: 'border-l-info', idle: 'border-l-line-strong' }

function One({ it }: { it: Toast }) {
  const [held, hold] = useState(false)
  useEffect(() => {
    if (held || it.stays) return
    const timer = setTimeout(() => dismiss(it.id), shown_for)
    return () => clearTimeout(timer)
  }, [held, it.stays, it.id])
  return (
    <li
      data-toast={it.tone}
      onMouseEnter={() => hold(true)}
      onMouseLeave={() => hold(false)}
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
      className={cx('pointer-events-auto flex animate-rise items-start gap-2 rounded-xl border border-l-4 border-line bg-surface py-2.5 pr-2 pl-3.5 shadow-high', edges[it.tone])}
    >
      <div className="min-w-0 flex-1 py-1 text-sm">
        <p className="font-medium break-words">{it.title}</p>
        {it.detail && <p className="mt-0.5 break-words whitespace-pre-wrap text-soft">{it.detail}</p>}
        {it.seq !== undefined && <Rollout seq={it.seq} className="mt-1.5" />}
      </div>
      {it.undo && (
        <Button
          small
          look="plain"
          icon={Undo2}
          onClick={() => {
            dismiss(it.id)
            it.undo?.()
          }}
        >
          {t('undo')}
        </Button>
      )}
      <IconButton className="!size-8" label={t('close')} icon={X} onClick={() => dismiss(it.id)} />
    </li>
  )
}

/** Above an open dialog too: the newest modal one hosts the list, since what is behind it is inert. */
function useHost(): Element {
  const find = () => [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
  const [host, setHost] = useState<Element>(find)
  useEffect(() => {
    const look = () => setHost(find())
    const observer = new MutationObserver(look)
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['open'] })
    look()
    return () => observer.disconnect()
  }, [])
  return host
}

export function Toasts() {
  const all = useSyncExternalStore(watch, () => toasts)
  const host = useHost()
  return createPortal(
    <section aria-label={t('toasts')} aria-live="polite" className={cx('pointer-events-none fixed inset-x-3 bottom-3 z-50 sm:w-[25rem]', host === document.body ? 'sm:left-auto' : 'sm:right-auto')}>
      <ul className="flex flex-col gap-2">
        {all.map((it) => (
          <One key={it.id} it={it} />
        ))}
      </ul>
    </section>,
    host,
  )
}
