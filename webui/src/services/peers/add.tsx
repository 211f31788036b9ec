// A new device: its name, and its picture to scan. Everything else can be left as it is.
import { useState } from 'react'
import { change } from '@/api/change'
import { asProblem } from '@/api/problem'
import { t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { Drawer } from '@/kit/dialog'
import { ChangeForm } from '@/kit/form'
import { Rollout } from '@/kit/rollout'
import { Button, Callout } from '@/kit/ui'
import { Connect, Reachability, readConfig } from './connect'
import { addFields, ownFields, useOwnOnly } from './fields'
import type { Peer } from './page'

/** `owner`: whose it is, where that is not asked. */
export function AddPeer({ owner, onClose }: { owner?: string; onClose: () => void }) {
  const ownOnly = useOwnOnly()
  const [made, setMade] = useState<{ peer: Peer; seq: number; text?: string } | null>(null)
  const [byLink, setByLink] = useState(false)
  if (made) {
    const own = !made.peer.has_private_key && !made.text
    return (
      <Drawer title={made.peer.name} subtitle={`${made.peer.address} · ${made.peer.address6}`} onClose={onClose}>
        <div className="flex flex-col gap-5" data-added>
          <Rollout seq={made.seq} />
          <Reachability />
          {own && <Callout tone="info">{t('peers.own_key')}</Callout>}
          <Connect peer={made.peer} start={made.text} />
          <div>
            <Button onClick={onClose}>{t('done')}</Button>
          </div>
        </div>
      </Drawer>
    )
  }
  return (
    <Drawer title={t('peers.add')} subtitle={t('peers.add.text')} onClose={onClose}>
      <ChangeForm
        schema="AddPeer"
        words="peer"
        draft={owner ? 'peer.mine' : 'peer.new'}
        canPlan={!ownOnly}
        fields={ownOnly ? ownFields : owner ? addFields.filter(({ name }) => name !== 'owner') : addFields}
        make={(body) => change('post', '/peers', { body: { ...body, ...(owner && !ownOnly && { owner }) } as never })}
        said={(done) => t('peers.added', { name: String(done.resource?.name) })}
        submit={t('peers.add.submit')}
        onDone={(done) => {
          const peer = done.resource as Peer
          if (byLink || !peer.has_private_key || peer.keep_key) return setMade({ peer, seq: done.seq })
          readConfig(peer.id).then(
            (text) => setMade({ peer: { ...peer, has_private_key: false }, seq: done.seq, text }),
            (error) => {
              tellProblem(asProblem(error))
              setMade({ peer, seq: done.seq })
            },
          )
        }}
      >
        <label className="flex items-start gap-2.5 text-sm">
          <input type="checkbox" className="mt-1 size-4 accent-[var(--accent)]" checked={byLink} onChange={(event) => setByLink(event.target.checked)} />
          <span>
            {t('peers.by_link')} <span className="block text-[0.8125rem] text-soft">{t('peers.by_link.hint')}</span>
          </span>
        </label>
      </ChangeForm>
    </Drawer>
  )
}
