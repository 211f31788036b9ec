import { Ban, CircleCheck, MonitorSmartphone, Plus, Rows3, Trash2 } from 'lucide-react'
import { changeSet } from '@/api/change'
import { useList, type Item } from '@/api/query'
import { day, relative, t, tn } from '@/i18n'
import { usePress } from '@/kit/commit'
import { List, type Column } from '@/kit/list'
import { Empty, Loaded, Page, useBlocked } from '@/kit/page'
import { Toggle } from '@/kit/toggle'
import { Badge, Button, Card, Mono } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'
import { AddMany } from './add-many'
import { AddPeer } from './add'
import { PeerDrawer } from './drawer'
import { isHere, usePeersLive } from './live'

export type Peer = Item<'/peers'>
export const hasExpired = (peer: Peer, now = Date.now()) => !!peer.expires_at && new Date(peer.expires_at).getTime() <= now

export default function Peers() {
  const query = useList('/peers')
  const { open } = usePlace()
  const go = useGo()
  const blocked = useBlocked('post', '/peers')
  const { press, busy } = usePress()
  const close = () => go({ open: undefined })
  const live = usePeersLive()
  const now = Date.now()
  const seen = (peer: Peer) => live.get(peer.public_key)?.seen
  const columns: Column<Peer>[] = [
    {
      key: 'name',
      title: t('peer.name'),
      width: '2fr',
      sort: (peer) => peer.name,
      cell: (peer) => (
        <span className="inline-flex flex-wrap items-center gap-x-2 gap-y-1">
          {peer.name}
          {peer.owner && <span className="font-normal text-soft">{peer.owner}</span>}
          {!peer.enabled && <Badge>{t('peers.off')}</Badge>}
          {hasExpired(peer) && <Badge tone="warn">{t('peers.expired')}</Badge>}
          {peer.has_private_key && !peer.keep_key && <Badge tone="info">{t('peers.waiting')}</Badge>}
        </span>
      ),
    },
    {
      key: 'seen',
      title: t('traffic.seen'),
      width: '7rem',
      sort: (peer) => -(seen(peer) ?? 0),
      cell: (peer) =>
        isHere(live.get(peer.public_key), now) ? (
          <Badge tone="good" mark>
            {t('traffic.here')}
          </Badge>
        ) : (
          <span className="text-soft">{seen(peer) ? relative(seen(peer)!) : t('traffic.never')}</span>
        ),
    },
    { key: 'address', title: t('peer.address'), width: '7rem', sort: (peer) => peer.address, cell: (peer) => <Mono>{peer.address}</Mono> },
    {
      key: 'reach',
      title: t('peers.reach'),
      width: '1.7fr',
      wide: true,
      cell: (peer) => (
        <span className="text-soft">
          {peer.services === null ? t('peers.all_services') : tn('peers.services', peer.services.length)}
          {peer.internet ? ` · ${t('peers.internet')}` : ''}
        </span>
      ),
    },
    {
      key: 'expires',
      title: t('peer.expires_at'),
      width: '6.5rem',
      wide: true,
      sort: (peer) => peer.expires_at ?? '9',
      cell: (peer) => (peer.expires_at ? <time dateTime={peer.expires_at} title={day(peer.expires_at)}>{relative(peer.expires_at)}</time> : <span className="text-soft">{t('peers.never')}</span>),
    },
    {
      key: 'enabled',
      end: true,
      title: t('peer.enabled'),
      width: '4.5rem',
      cell: (peer) => <Toggle path="/peers" words="peers" name={peer.name} item={peer} />,
    },
  ]

  const add = (
    <Button look="primary" icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: 'new' })}>
      {t('peers.add')}
    </Button>
  )
  return (
    <Page
      title={t('nav.peers')}
      lead={t('peers.lead')}
      actions={
        <>
          <Button icon={Rows3} disabled={!!blocked} title={blocked} onClick={() => go({ open: 'many' })}>
            {t('peers.add_many')}
          </Button>
          {add}
        </>
      }
    >
      <Loaded query={query}>
        {(peers) => (
          <>
            <Card flush>
              <List
                label={t('nav.peers')}
                items={peers}
                columns={columns}
                id={(peer) => peer.id}
                name={(peer) => peer.name}
                text={(peer) => `${peer.name} ${peer.address} ${peer.address6} ${peer.owner ?? ''} ${peer.public_key}`}
                onOpen={(peer) => go({ open: peer.id })}
                bulk={
                  blocked
                    ? undefined
                    : (chosen, clear) => {
                        const set = async (enabled: boolean) => {
                          const done = await press(changeSet(chosen.map(({ id }) => ({ type: 'ChangePeer', data: { id, enabled } }))), { title: tn(enabled ? 'peers.enabled_many' : 'peers.disabled_many', chosen.length) })
                          if (done) clear()
                        }
                        const remove = async () => {
                          const done = await press(changeSet(chosen.map(({ id }) => ({ type: 'RemovePeer', data: { id } }))), { title: tn('peers.removed_many', chosen.length) })
                          if (done) clear()
                        }
                        return (
                          <>
                            <Button small icon={CircleCheck} busy={busy} onClick={() => void set(true)}>
                              {t('peers.turn_on')}
                            </Button>
                            <Button small icon={Ban} busy={busy} onClick={() => void set(false)}>
                              {t('peers.turn_off')}
                            </Button>
                            <Button small look="danger" icon={Trash2} busy={busy} onClick={() => void remove()}>
                              {t('remove')}
                            </Button>
                          </>
                        )
                      }
                }
                empty={
                  <Empty icon={MonitorSmartphone} title={t('peers.none')} action={add}>
                    {t('peers.none.text')}
                  </Empty>
                }
              />
            </Card>
            {open === 'new' && <AddPeer onClose={close} />}
            {open === 'many' && <AddMany onClose={close} />}
            {open && open !== 'new' && open !== 'many' && <PeerDrawer key={open} id={open} peer={peers.find((peer) => peer.id === open)} onClose={close} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}
