// Mail that waits, as Postfix tells it: from whom, to whom, since when, and in the words of whoever did not take it.
import { MailCheck } from 'lucide-react'
import { bytes, relative, t } from '@/i18n'
import { List } from '@/kit/list'
import { momentOf, rowsOf, useLive, type LiveRow } from '@/kit/live-table'
import { Empty } from '@/kit/page'
import { Card } from '@/kit/ui'

export interface Waiting {
  id: string
  sender: string
  recipients: string[]
  reasons: string[]
  since: number | null
  size: number
}

const texts = (value: LiveRow[string] | undefined): string[] => (Array.isArray(value) ? value.map(String) : value ? [String(value)] : [])

/** Undefined where nobody tells of a queue. */
export function useQueue(): Waiting[] | undefined {
  const tables = useLive('mail')
  if (!tables?.some(({ table }) => table === 'queue')) return undefined
  return rowsOf(tables, 'queue').map((row) => ({
    id: String(row.id),
    sender: String(row.sender ?? ''),
    recipients: texts(row.recipients),
    reasons: texts(row.reasons).filter(Boolean),
    since: momentOf(row.arrived_at),
    size: Number(row.size ?? 0),
  }))
}

export function Queue({ queue }: { queue: Waiting[] }) {
  return (
    <Card flush title={t('mail.queue.title')}>
      <List
        label={t('mail.queue.title')}
        items={queue}
        id={({ id }) => id}
        name={({ recipients }) => recipients.join(', ')}
        text={({ sender, recipients, reasons }) => `${sender} ${recipients.join(' ')} ${reasons.join(' ')}`}
        columns={[
          {
            key: 'to',
            title: t('mail.queue.to'),
            width: '2fr',
            cell: ({ recipients, reasons }) => (
              <>
                <span className="break-words">{recipients.join(', ')}</span>
                {reasons.map((reason) => (
                  <span key={reason} className="mt-0.5 block text-[0.8125rem] font-normal break-words text-warn">
                    {reason}
                  </span>
                ))}
              </>
            ),
          },
          { key: 'from', title: t('mail.queue.from'), width: '1.2fr', sort: ({ sender }) => sender, cell: ({ sender }) => <span className="break-words">{sender || t('mail.queue.nobody')}</span> },
          { key: 'since', title: t('mail.queue.since'), width: '8rem', sort: ({ since }) => since ?? 0, cell: ({ since }) => <span className="text-soft">{since === null ? '–' : relative(since)}</span> },
          { key: 'size', title: t('mail.queue.size'), width: '6rem', wide: true, sort: ({ size }) => size, cell: ({ size }) => <span className="text-soft tabular-nums">{bytes(size)}</span> },
        ]}
        empty={
          <Empty icon={MailCheck} title={t('mail.queue.none')}>
            {t('mail.queue.none.text')}
          </Empty>
        }
      />
    </Card>
  )
}
