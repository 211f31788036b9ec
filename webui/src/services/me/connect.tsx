// What to type into a phone's or a laptop's programs to have one's mail, calendar and files there, and how to make them
// trust the cell.
import { CalendarDays, ChevronRight, Download, FolderOpen, Mail, ShieldCheck, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { base } from '@/api/client'
import { useSession } from '@/api/session'
import { t, tOr } from '@/i18n'
import { CopyButton } from '@/kit/copy'
import { Card, Facts, Mono } from '@/kit/ui'

interface Person {
  username: string
  has_totp: boolean
  services?: string[] | null | undefined
}

const Value = ({ children }: { children: string }) => (
  <span className="flex min-h-8 items-center gap-1">
    <Mono>{children}</Mono>
    <CopyButton text={children} />
  </span>
)

function Part({ icon: Icon, title, text, children }: { icon: LucideIcon; title: string; text?: string; children: ReactNode }) {
  return (
    <details className="group border-b border-line last:border-0">
      <summary className="flex min-h-14 items-center gap-3 px-4 py-2.5 marker:content-none hover:bg-raised sm:px-5">
        <Icon aria-hidden className="size-5 shrink-0 text-soft" />
        <span className="min-w-0 flex-1 font-medium">{title}</span>
        <ChevronRight aria-hidden className="size-4 shrink-0 text-soft transition-transform group-open:rotate-90" />
      </summary>
      <div className="flex flex-col gap-3 px-4 pb-4 sm:pr-5 sm:pl-13">
        {text && <p className="text-sm text-soft">{text}</p>}
        {children}
      </div>
    </details>
  )
}

const link = 'inline-flex min-h-10 items-center gap-2 rounded-lg border border-line px-3.5 text-sm font-medium hover:border-line-strong sm:min-h-9'
const roots = [
  ['mobileconfig', 'cell-root.mobileconfig'],
  ['pem', 'cell-root.pem'],
  ['der', 'cell-root.cer'],
] as const

export function HowTo({ user }: { user: Person }) {
  const domain = useSession()?.domain ?? ''
  const may = (service: string) => !user.services || user.services.includes(service)
  const address = `${user.username}@${domain}`
  const password = t(user.has_totp ? 'howto.password.app' : 'howto.password.own')
  return (
    <Card flush title={t('howto')}>
      <div data-howto>
        <Part icon={ShieldCheck} title={t('howto.trust')} text={t('howto.trust.text')}>
          <div className="flex flex-wrap gap-2">
            {roots.map(([format, name]) => (
              <a key={format} className={link} href={`${base}/vault/ca/root?format=${format}`} download={name}>
                <Download aria-hidden className="size-4" /> {t(`howto.root.${format}`)}
              </a>
            ))}
          </div>
        </Part>
        {may('mail') && (
          <Part icon={Mail} title={tOr('service.mail', 'Mail')} text={t('howto.mail')}>
            <Facts
              rows={[
                [t('howto.address'), <Value key="a">{address}</Value>],
                [t('howto.user'), <Value key="u">{address}</Value>],
                [t('howto.password'), password],
                [t('howto.imap'), <Value key="i">{`mail.${domain}`}</Value>],
                ['', t('howto.imap.port')],
                [t('howto.smtp'), <Value key="s">{`mail.${domain}`}</Value>],
                ['', t('howto.smtp.port')],
              ]}
            />
          </Part>
        )}
        {may('calendar') && (
          <Part icon={CalendarDays} title={t('howto.calendar')} text={t('howto.calendar.text')}>
            <Facts
              rows={[
                [t('howto.url'), <Value key="l">{`https://calendar.${domain}/`}</Value>],
                [t('howto.user'), <Value key="u">{user.username}</Value>],
                [t('howto.password'), password],
              ]}
            />
          </Part>
        )}
        {may('files') && (
          <Part icon={FolderOpen} title={tOr('service.files', 'Files')} text={t('howto.files')}>
            <Facts
              rows={[
                [t('howto.url'), <Value key="l">{`https://files.${domain}/`}</Value>],
                [t('howto.user'), <Value key="u">{user.username}</Value>],
                [t('howto.password'), password],
              ]}
            />
          </Part>
        )}
      </div>
    </Card>
  )
}
