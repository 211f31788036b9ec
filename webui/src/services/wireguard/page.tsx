import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useGet, useList } from '@/api/query'
import { t } from '@/i18n'
import { ArtefactText } from '@/kit/artefact'
import { CopyButton } from '@/kit/copy'
import type { FieldSpec } from '@/kit/field'
import { Loaded, Page, useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { ServiceState } from '@/kit/service-state'
import { Singleton } from '@/kit/singleton'
import { Button, Callout, Card, Facts, Mono } from '@/kit/ui'

const fields: FieldSpec[] = [{ name: 'listen_port' }, { name: 'mtu' }, { name: 'keepalive' }, { name: 'dns', mono: true }]

export default function Wireguard() {
  const query = useGet('/wireguard')
  const cell = useGet('/cell').data
  const peers = useList('/peers').data
  const service = useList('/services').data?.find(({ name }) => name === 'wireguard')
  const blocked = useBlocked('patch', '/wireguard')
  const [rotating, setRotating] = useState(false)
  return (
    <Page title={t('nav.wireguard')} lead={t('wireguard.lead')}>
      <Loaded query={query}>
        {(wireguard) => (
          <div className="grid items-start gap-5 lg:grid-cols-2">
            <Card title={t('wireguard.end')} action={service && <ServiceState service={service} />}>
              <div className="flex flex-col gap-4">
                {service?.detail && <Callout tone={service.state === 'refused' ? 'bad' : 'info'}>{service.detail}</Callout>}
                <Facts
                  rows={[
                    [t('wireguard.public_key'), <span key="k" className="flex items-center gap-1"><Mono>{wireguard.public_key ?? '—'}</Mono>{wireguard.public_key && <CopyButton text={wireguard.public_key} />}</span>],
                    [t('cell.vpn_range'), <Mono key="v">{cell?.vpn_range ?? ''}</Mono>],
                    [t('cell.vpn_range6'), <Mono key="6">{cell?.vpn_range6 ?? ''}</Mono>],
                    [t('cell.endpoint'), cell?.endpoint ?? t('wireguard.no_endpoint')],
                    [t('nav.peers'), peers ? t('wireguard.peers', { on: peers.filter(({ enabled }) => enabled).length, all: peers.length }) : ''],
                  ]}
                />
                {!blocked && (
                  <div>
                    <Button icon={KeyRound} onClick={() => setRotating(true)}>
                      {t('wireguard.rotate')}
                    </Button>
                  </div>
                )}
              </div>
            </Card>
            <Singleton path="/wireguard" careful stream="wireguard" method="patch" schema="ChangeWireguard" words="wireguard" fields={fields} />
            <Card title={t('wireguard.file')} className="lg:col-span-2">
              <ArtefactText service="wireguard" path="wg0.conf" />
            </Card>
            {rotating && (
              <PlannedDialog
                title={t('wireguard.rotate')}
                text={t('wireguard.rotate.text')}
                change={change('post', '/wireguard/rotate', { body: {} as never, version: wireguard.version })}
                submit={t('wireguard.rotate')}
                said={t('wireguard.rotated')}
                undo={false}
                onClose={() => setRotating(false)}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  )
}
