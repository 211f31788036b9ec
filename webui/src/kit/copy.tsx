import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { t } from '@/i18n'
import { Button, IconButton } from './ui'

/** Over plain http there is no clipboard API; a selected textarea still works. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  ;(document.querySelector('dialog[open]') ?? document.body).append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** `label`: a button with words; `what`: what a screen reader says of one without. */
export function CopyButton({ text, label, what }: { text: string; label?: string; what?: string }) {
  const [done, setDone] = useState(false)
  const press = async () => {
    await copy(text)
    setDone(true)
    setTimeout(() => setDone(false), 1600)
  }
  const words = done ? t('copied') : (label ?? what ?? t('copy'))
  if (label) return <Button icon={done ? Check : Copy} onClick={() => void press()}>{words}</Button>
  return <IconButton className="!size-8" label={words} icon={done ? Check : Copy} onClick={() => void press()} />
}

export function download(name: string, content: Blob | string, type = 'text/plain') {
  const url = URL.createObjectURL(typeof content === 'string' ? new Blob([content], { type }) : content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** A secret shown once. */
export function OneTime({ label, value }: { label: string; value: string }) {
  return (
    <div className="flex items-center gap-2 rounded-lg border border-line bg-raised p-2 pl-3">
      <code aria-label={label} className="min-w-0 flex-1 font-mono text-[0.8125rem] break-all whitespace-pre-wrap" data-secret>
        {value}
      </code>
      <span data-noprint>
        <CopyButton text={value} />
      </span>
    </div>
  )
}
