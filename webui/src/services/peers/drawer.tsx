import { KeyRound, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { change } from '@/api/change'
import { get } from '@/api/query'
import { useAt } from '@/api/time'
import { dateTime, t } from '@/i18n'
import { usePress } from '@/kit/commit'
import { CopyButton } from '@/kit/copy'
import { Drawer } from '@/kit/dialog'
import { ChangeForm } from '@/kit/form'
import { Empty, useBlocked } from '@/kit/page'
import { PlannedDialog } from '@/kit/planned'
import { Button, Facts, Mono } from '@/kit/ui'
import { History } from '@/services/changes/history'
import { Connect, Reachability } from './connect'
import { changeFields, ownFields, useOwnOnly } from './fields'
import type { Peer } from './page'
import { Traffic } from './traffic'

export function PeerDrawer({ id, peer, onClose }: { id: string; peer: Peer | undefined; onClose: () => void }) {
  const blocked = useBlocked('patch', '/peers/{id}')
  const queries = useQueryClient()
  const at = useAt()
  const { press, busy } = usePress()
  const [rotating, setRotating] = useState(false)
  const ownOnly = useOwnOnly()
  if (!peer) {
    return (
      <Drawer title={t('peers.gone')} onClose={onClose}>
        <Empty title={t('peers.gone.text')} />
      </Drawer>
    )
  }
  const remove = async () => {
    const done = await press(change('delete', '/peers/{id}', { params: { id }, version: peer.version }), { title: t('peers.removed', { name: peer.name }) })
    if (done) onClose()
  }
  return (
    <Drawer title={peer.name} subtitle={`${peer.address} · ${peer.address6}`} onClose={onClose}>
      <div className="flex flex-col gap-8" data-peer={peer.name}>
        {!blocked && (
          <section className="flex flex-col gap-3">
            <h3 className="font-semibold">{t('peers.connect')}</h3>
            <Reachability />
            <Connect peer={peer} />
          </section>
        )}
        {at === undefined && (
          <section>
            <h3 className="mb-3 font-semibold">{t('traffic')}</h3>
            <Traffic id={id} />
          </section>
        )}
        <section>
          <h3 className="mb-3 font-semibold">{t('peers.settings')}</h3>
          <ChangeForm
            schema="ChangePeerBody"
            words="peer"
            draft={`peer.${id}`}
            focus={false}
            fields={ownOnly ? ownFields : changeFields}
            canPlan={!ownOnly}
            original={peer}
            blocked={blocked}
            make={(body) => change('patch', '/peers/{id}', { params: { id }, body: body as never })}
            current={() => queries.fetchQuery({ ...get('/peers/{id}', { path: { id } }), staleTime: 0 })}
            said={(done) => t('peers.changed', { name: String(done.resource?.name ?? peer.name) })}
            submit={t('save')}
          />
        </section>
        <section className="flex flex-col gap-3">
          <h3 className="font-semibold">{t('peers.about')}</h3>
          <Facts
            rows={[
              [t('peer.public_key'), <span key="k" className="flex items-center gap-1"><Mono>{peer.public_key}</Mono><CopyButton text={peer.public_key} /></span>],
              [t('created'), dateTime(peer.created_at)],
              [t('updated'), dateTime(peer.updated_at)],
            ]}
          />
        </section>
        <History stream={`peer-${id}`} name={peer.name} />
        {!blocked && (
          <section className="flex flex-col gap-3 border-t border-line pt-5">
            <p className="text-sm text-soft">{t('peers.remove.text')}</p>
            <div className="flex flex-wrap gap-2">
              <Button icon={KeyRound} onClick={() => setRotating(true)}>
                {t('peers.rotate')}
              </Button>
              <Button look="danger" icon={Trash2} busy={busy} onClick={() => void remove()}>
                {t('peers.remove')}
              </Button>
            </div>
          </section>
        )}
      </div>
      {rotating && (
        <PlannedDialog
          title={t('peers.rotate.title', { name: peer.name })}
          text={t('peers.rotate.text')}
          change={change('post', '/peers/{id}/rotate', { params: { id }, body: {}, version: peer.version })}
          submit={t('peers.rotate')}
          said={t('peers.rotated', { name: peer.name })}
          undo={false}
          onClose={() => setRotating(false)}
        />
      )}
    </Drawer>
  )
}
