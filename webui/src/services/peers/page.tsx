import { Ban, CircleCheck, MonitorSmartphone, Plus, Rows3, Trash2 } from 'lucide-react'
import { change, changeSet } from '@/api/change'
import { useList, type Item } from '@/api/query'
import { day, relative, t, tn } from '@/i18n'
import { usePress } from '@/kit/commit'
import { Switch } from '@/kit/field'
import { List, type Column } from '@/kit/list'
import { Empty, Loaded, Page, useBlocked } from '@/kit/page'
import { Badge, Button, Card, Mono } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'
import { AddMany } from './add-many'
import { AddPeer } from './add'
import { PeerDrawer } from './drawer'

export type Peer = Item<'/peers'>
export const hasExpired = (peer: Peer, now = Date.now()) => !!peer.expires_at && new Date(peer.expires_at).getTime() <= now

export default function Peers() {
  const query = useList('/peers')
  const { open } = usePlace()
  const go = useGo()
  const blocked = useBlocked('post', '/peers')
  const { press, busy } = usePress()
  const close = () => go({ open: undefined })
  const enable = (peer: Peer, enabled: boolean) =>
    press(change('patch', '/peers/{id}', { params: { id: peer.id }, body: { enabled }, version: peer.version }), { title: enabled ? t('peers.enabled_said', { name: peer.name }) : t('peers.disabled_said', { name: peer.name }) })

  const columns: Column<Peer>[] = [
    {
      key: 'name',
      title: t('peer.name'),
      width: '1.6fr',
      sort: (peer) => peer.name,
      cell: (peer) => (
        <span className="inline-flex flex-wrap items-center gap-2">
          {peer.name}
          {!peer.enabled && <Badge>{t('peers.off')}</Badge>}
          {hasExpired(peer) && <Badge tone="warn">{t('peers.expired')}</Badge>}
          {peer.has_private_key && !peer.keep_key && <Badge tone="info">{t('peers.waiting')}</Badge>}
        </span>
      ),
    },
    { key: 'address', title: t('peer.address'), width: '9rem', sort: (peer) => peer.address, cell: (peer) => <Mono>{peer.address}</Mono> },
    { key: 'owner', title: t('peer.owner'), wide: true, sort: (peer) => peer.owner ?? '', cell: (peer) => peer.owner ?? <span className="text-soft">—</span> },
    {
      key: 'reach',
      title: t('peers.reach'),
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
      width: '8rem',
      wide: true,
      sort: (peer) => peer.expires_at ?? '9',
      cell: (peer) => (peer.expires_at ? <time dateTime={peer.expires_at} title={day(peer.expires_at)}>{relative(peer.expires_at)}</time> : <span className="text-soft">{t('peers.never')}</span>),
    },
    {
      key: 'enabled',
      title: t('peer.enabled'),
      width: '4.5rem',
      cell: (peer) => <Switch label={t('peers.enable', { name: peer.name })} checked={peer.enabled} disabled={!!blocked || busy} onChange={(on) => void enable(peer, on)} />,
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
