// What somebody types into another program or another web page: each value beside what it is called there, with a button
// that copies it.
import type { ReactNode } from 'react'
import { t } from '@/i18n'
import { CopyButton } from './copy'
import { Mono } from './ui'

export interface Setting {
  name: string
  text: string
  note?: ReactNode
}

export function Settings({ label, settings }: { label: string; settings: Setting[] }) {
  return (
    <dl aria-label={label} className="divide-y divide-line rounded-xl border border-line">
      {settings.map(({ name, text, note }) => (
        <div key={name} className="grid items-center gap-x-4 px-4 py-1.5 sm:grid-cols-[11rem_1fr]">
          <dt className="text-sm text-soft">{name}</dt>
          <dd className="flex min-h-10 min-w-0 items-center gap-2">
            <span className="min-w-0 flex-1">
              <Mono>{text}</Mono>
              {note && <span className="block text-xs text-soft">{note}</span>}
            </span>
            <CopyButton text={text} what={t('copy.what', { what: name })} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
