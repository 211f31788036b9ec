// What has passed through the tunnels since WireGuard started, and whose it was: from the same live tables as the devices' own.
import { Link } from '@tanstack/react-router'
import type { Item } from '@/api/query'
import { bytes, t } from '@/i18n'
import { Card } from '@/kit/ui'
import type { PeerLive } from '@/services/peers/live'

const most = 5

export interface Share {
  id: string
  name: string
  bytes: number
}

/** The devices with the most traffic, most first; and what all of them received and sent. */
export function shares(peers: Pick<Item<'/peers'>, 'id' | 'name' | 'public_key'>[], live: Map<string, Pick<PeerLive, 'received' | 'sent'>>): { received: number; sent: number; top: Share[] } {
  let [received, sent] = [0, 0]
  const top: Share[] = []
  for (const { id, name, public_key } of peers) {
    const of = live.get(public_key)
    if (!of) continue
    received += of.received
    sent += of.sent
    if (of.received + of.sent) top.push({ id, name, bytes: of.received + of.sent })
  }
  return { received, sent, top: top.sort((a, b) => b.bytes - a.bytes).slice(0, most) }
}

export function Traffic({ peers, live }: { peers: Item<'/peers'>[]; live: Map<string, PeerLive> }) {
  const { received, sent, top } = shares(peers, live)
  return (
    <Card title={t('traffic')}>
      {top.length ? (
        <div className="flex flex-col gap-4">
          <p className="text-sm text-soft">{t('dashboard.traffic', { from: bytes(received), to: bytes(sent) })}</p>
          <ul className="flex flex-col gap-2.5" aria-label={t('dashboard.traffic.top')}>
            {top.map((one) => (
              <li key={one.id} className="flex flex-col gap-1 text-sm">
                <span className="flex justify-between gap-3">
                  <Link to="/peers" search={{ open: one.id } as never} className="min-w-0 truncate font-medium hover:underline">
                    {one.name}
                  </Link>
                  <span className="text-soft tabular-nums">{bytes(one.bytes)}</span>
                </span>
                <span aria-hidden className="h-1.5 overflow-hidden rounded-full bg-sunken">
                  <span className="block h-full rounded-full bg-accent" style={{ width: `max(3px, ${(100 * one.bytes) / top[0]!.bytes}%)` }} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="text-sm text-soft">{t('dashboard.traffic.none')}</p>
      )}
    </Card>
  )
}
