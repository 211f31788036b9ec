// What needs somebody though nothing is broken, and where it is done. Pure: from what the cell says about itself now. What is
// broken the daemon finds itself (findings.tsx).
import type { Item } from '@/api/query'
import { t, tn } from '@/i18n'
import type { Tone } from '@/kit/ui'

export interface Attention {
  key: string
  tone: Tone
  title: string
  text: string
  fix?: { to: string; search?: Record<string, string>; words: string }
}

interface Known {
  peers: Item<'/peers'>[]
  endpoint: string | null | undefined
  now: number
}

const soon_ms = 3 * 86_400_000

export function attention({ peers, endpoint, now }: Known): Attention[] {
  const found: Attention[] = []
  const ends = (peer: Item<'/peers'>) => (peer.expires_at && peer.enabled ? new Date(peer.expires_at).getTime() : Infinity)
  const expired = peers.filter((peer) => ends(peer) <= now)
  const expiring = peers.filter((peer) => ends(peer) > now && ends(peer) <= now + soon_ms)
  const fix = { to: '/peers', words: t('attention.see_peers') }
  if (expired.length) found.push({ key: 'expired', tone: 'warn', title: tn('attention.expired', expired.length), text: expired.map((peer) => peer.name).join(', '), fix })
  if (expiring.length) found.push({ key: 'expiring', tone: 'info', title: tn('attention.expiring', expiring.length), text: expiring.map((peer) => peer.name).join(', '), fix })
  if (endpoint === null) found.push({ key: 'endpoint', tone: 'info', title: t('attention.endpoint'), text: t('attention.endpoint.text'), fix: { to: '/settings', search: { tab: 'identity' }, words: t('attention.set_endpoint') } })
  return found
}
