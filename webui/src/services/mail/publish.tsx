// The records to publish, domain by domain, each with a button that copies it, and all as a piece of a zone file.
import { Download } from 'lucide-react'
import { useState } from 'react'
import { useGet, useList } from '@/api/query'
import { t } from '@/i18n'
import { CopyButton, download } from '@/kit/copy'
import { Field, inputLook } from '@/kit/field'
import { Loaded } from '@/kit/page'
import { Badge, Button, Callout, Card, Mono } from '@/kit/ui'
import { toPublish, type Published } from './records'

const line = ({ name, type, value }: Published) => `${name}. 3600 IN ${type} ${type === 'TXT' ? JSON.stringify(value) : value}`

export function Publish() {
  const cell = useGet('/cell')
  const others = useList('/mail/domains').data ?? []
  const [chosen, setChosen] = useState('')
  return (
    <Card title={t('publish.title')}>
      <Loaded query={cell}>
        {({ domain: own }) => {
          const domains = [own, ...others.map(({ name }) => name)]
          const domain = domains.includes(chosen) ? chosen : own
          const records = toPublish(domain, own)
          return (
            <div className="flex flex-col gap-5">
              <p className="max-w-3xl text-sm text-soft">{t('publish.text')}</p>
              {/\.(home\.arpa|internal|local|lan)$/.test(domain) && <Callout tone="info" title={t('publish.private', { domain })}>{t('publish.private.text')}</Callout>}
              <div className="flex flex-wrap items-end gap-3">
                <div className="min-w-56">
                  <Field label={t('publish.domain')}>
                    {(ids) => (
                      <select {...ids} className={inputLook} value={domain} onChange={(event) => setChosen(event.target.value)}>
                        {domains.map((one) => (
                          <option key={one}>{one}</option>
                        ))}
                      </select>
                    )}
                  </Field>
                </div>
                <Button icon={Download} onClick={() => download(`${domain}.mail.zone`, `${records.map(line).join('\n')}\n`, 'text/dns')}>
                  {t('publish.download')}
                </Button>
              </div>
              <ul aria-label={t('publish.title')} className="divide-y divide-line rounded-xl border border-line">
                {records.map((record) => (
                  <li key={record.why} data-publish={record.why} className="flex flex-col gap-2 px-4 py-3.5">
                    <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm">
                      <Badge tone="info">{record.type}</Badge>
                      <span>{t(`publish.${record.why}`)}</span>
                    </p>
                    {(['name', 'value'] as const).map((part) => (
                      <div key={part} className="grid min-h-9 grid-cols-[1fr_auto] items-center gap-x-3 rounded-lg bg-raised py-1 pr-1 pl-3 sm:grid-cols-[4rem_1fr_auto]">
                        <span className="text-xs text-soft max-sm:col-span-2">{t(`publish.${part}`)}</span>
                        <Mono>{record[part]}</Mono>
                        <CopyButton text={record[part]} what={t('copy.what', { what: `${record.type} ${t(`publish.${part}`)}` })} />
                      </div>
                    ))}
                  </li>
                ))}
              </ul>
            </div>
          )
        }}
      </Loaded>
    </Card>
  )
}
