// How a service is, in a word and a colour; the same words wherever a service is shown.
import type { Service } from '@/api/feed'
import { tOr } from '@/i18n'
import { Badge, type Tone } from './ui'

export function toneOf(service: Service): Tone {
  if (service.state === 'refused' || service.health === 'unhealthy') return 'bad'
  if (service.state === 'unreachable' || service.drift || service.pending_restart) return 'warn'
  if (service.state === 'pending') return 'info'
  return service.state === 'applied' ? 'good' : 'idle'
}

/** What is most worth saying about it. */
export function wordOf(service: Service): string {
  if (service.state !== 'applied') return service.state
  if (service.health === 'unhealthy') return 'unhealthy'
  if (service.drift) return 'drift'
  return service.pending_restart ? 'pending_restart' : 'applied'
}

export function ServiceState({ service }: { service: Service }) {
  const word = wordOf(service)
  return (
    <span data-service={service.name} data-state={service.state}>
      <Badge tone={toneOf(service)} mark busy={service.state === 'pending'}>
        {tOr(`state.${word}`, word)}
      </Badge>
    </span>
  )
}
