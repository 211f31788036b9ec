// What needs somebody, why, and where the fix is. Pure: from what the cell says about itself now.
import type { Service } from '@/api/feed'
import type { Item } from '@/api/query'
import { t, tOr, tn } from '@/i18n'
import type { Tone } from '@/kit/ui'

export interface Attention {
  key: string
  tone: Tone
  title: string
  text: string
  fix?: { to: string; search?: Record<string, string>; words: string }
}

interface Known {
  services: Service[]
  peers: Item<'/peers'>[]
  endpoint: string | null | undefined
  now: number
}

const soon_ms = 3 * 86_400_000

export function attention({ services, peers, endpoint, now }: Known): Attention[] {
  const found: Attention[] = []
  const name = (service: Service) => tOr(`service.${service.name}`, service.name)
  for (const service of services) {
    if (service.state === 'refused') found.push({ key: service.name, tone: 'bad', title: t('attention.refused', { name: name(service) }), text: service.detail || t('attention.refused.text'), fix: { to: '/changes', words: t('attention.see_changes') } })
    else if (service.state === 'unreachable') found.push({ key: service.name, tone: 'warn', title: t('attention.unreachable', { name: name(service) }), text: t('attention.unreachable.text'), fix: { to: '/settings', search: { tab: 'agents' }, words: t('attention.see_agents') } })
    else if (service.health === 'unhealthy') found.push({ key: service.name, tone: 'bad', title: t('attention.unhealthy', { name: name(service) }), text: service.detail })
    if (service.drift) found.push({ key: `${service.name}.drift`, tone: 'warn', title: t('attention.drift', { name: name(service) }), text: t('attention.drift.text') })
    if (service.pending_restart) found.push({ key: `${service.name}.restart`, tone: 'warn', title: t('attention.restart', { name: name(service) }), text: service.pending_restart })
  }
  const ends = (peer: Item<'/peers'>) => (peer.expires_at && peer.enabled ? new Date(peer.expires_at).getTime() : Infinity)
  const expired = peers.filter((peer) => ends(peer) <= now)
  const expiring = peers.filter((peer) => ends(peer) > now && ends(peer) <= now + soon_ms)
  const fix = { to: '/peers', words: t('attention.see_peers') }
  if (expired.length) found.push({ key: 'expired', tone: 'warn', title: tn('attention.expired', expired.length), text: expired.map((peer) => peer.name).join(', '), fix })
  if (expiring.length) found.push({ key: 'expiring', tone: 'info', title: tn('attention.expiring', expiring.length), text: expiring.map((peer) => peer.name).join(', '), fix })
  if (endpoint === null) found.push({ key: 'endpoint', tone: 'info', title: t('attention.endpoint'), text: t('attention.endpoint.text'), fix: { to: '/settings', search: { tab: 'identity' }, words: t('attention.set_endpoint') } })
  return found
}
