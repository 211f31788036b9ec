// One's own devices: get one in by its picture, see whether it is there, take one off.
import { ChevronRight, MonitorSmartphone, Plus } from 'lucide-react'
import { useList } from '@/api/query'
import { t } from '@/i18n'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Badge, Button, Card, Mono } from '@/kit/ui'
import { AddPeer } from '@/services/peers/add'
import { PeerDrawer } from '@/services/peers/drawer'
import { useGo, usePlace } from '@/services/place'

export function Devices({ user }: { user: { username: string } }) {
  const query = useList('/peers')
  const { open } = usePlace()
  const go = useGo()
  const blocked = useBlocked('post', '/peers')
  const close = () => go({ open: undefined })
  const add = (
    <Button look="primary" icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: 'new' })}>
      {t('peers.add')}
    </Button>
  )
  return (
    <Loaded query={query} rows={3}>
      {(all) => {
        const mine = all.filter(({ owner }) => owner === user.username)
        return (
          <Card flush title={t('me.devices')} action={mine.length ? add : undefined}>
            {mine.length ? (
              <ul className="divide-y divide-line" aria-label={t('me.devices')}>
                {mine.map((peer) => (
                  <li key={peer.id}>
                    <button type="button" onClick={() => go({ open: peer.id })} className="flex min-h-14 w-full items-center gap-3 px-4 py-2.5 text-left hover:bg-raised sm:px-5">
                      <MonitorSmartphone aria-hidden className="size-5 shrink-0 text-soft" />
                      <span className="min-w-0 flex-1">
                        <span className="block font-medium break-words">{peer.name}</span>
                        <span className="text-sm text-soft">
                          <Mono>{peer.address}</Mono>
                        </span>
                      </span>
                      {!peer.enabled && <Badge>{t('peers.off')}</Badge>}
                      {peer.has_private_key && !peer.keep_key && <Badge tone="info">{t('peers.waiting')}</Badge>}
                      <ChevronRight aria-hidden className="size-4 shrink-0 text-soft" />
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <Empty icon={MonitorSmartphone} title={t('me.devices.none')} action={add}>
                {t('me.devices.none.text')}
              </Empty>
            )}
            {open === 'new' && <AddPeer owner={user.username} onClose={close} />}
            {open && open !== 'new' && <PeerDrawer key={open} id={open} peer={mine.find(({ id }) => id === open)} onClose={close} />}
          </Card>
        )
      }}
    </Loaded>
  )
}
