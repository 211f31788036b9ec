// How far a change has come, service by service, in the agent's own words where it was refused. It reads the services'
// state that the feed keeps current: what a service should have at least is the newest change that concerns it, so those
// whose desired revision reached this change are the ones concerned.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { Service } from '@/api/feed'
import { list } from '@/api/query'
import { useMay } from '@/api/session'
import { t, tOr } from '@/i18n'
import { Badge, type Tone } from './ui'

export type Stage = 'live' | 'going' | 'refused' | 'unreachable' | 'off'

/** Where this service stands with the change `seq`; null: it is none of the service's business. */
export function stageOf(service: Service, seq: number): Stage | null {
  if (service.desired_revision < seq) return null
  if (service.applied_revision >= seq) return 'live'
  if (service.state === 'refused') return 'refused'
  if (service.state === 'unreachable') return 'unreachable'
  if (service.state === 'disabled' || service.state === 'not_installed') return 'off'
  return 'going'
}

export const stageTone: Record<Stage, Tone> = { live: 'good', going: 'info', refused: 'bad', unreachable: 'warn', off: 'idle' }
const settle = 2500

/** `only`: the services that are known to be concerned; else whoever has had something new since. */
export function Rollout({ seq, className, only }: { seq: number; className?: string; only?: string[] | undefined }) {
  const may = useMay('get', '/services')
  const services = useQuery({ ...list('/services'), enabled: may }).data ?? []
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), settle)
    return () => clearTimeout(timer)
  }, [seq])
  if (!may) return null
  const concerned = services.map((service) => ({ service, stage: stageOf(service, seq) })).filter(({ service, stage }) => stage !== null && (!only || only.includes(service.name)))
  if (!concerned.length) return settled ? <p className={className}><span className="text-xs text-soft">{t('rollout.none')}</span></p> : null
  return (
    <div className={className}>
      <ul aria-label={t('rollout')} className="flex flex-wrap gap-1.5">
        {concerned.map(({ service, stage }) => (
          <li key={service.name} data-service={service.name} data-stage={stage}>
            <Badge tone={stageTone[stage!]} mark busy={stage === 'going'}>
              {tOr(`service.${service.name}`, service.name)}: {tOr(`stage.${stage}`, stage!)}
            </Badge>
          </li>
        ))}
      </ul>
      {concerned
        .filter(({ service, stage }) => stage === 'refused' && service.detail)
        .map(({ service }) => (
          <pre key={service.name} className="mt-2 max-h-40 overflow-auto rounded-lg bg-bad-soft p-2 font-mono text-xs whitespace-pre-wrap text-bad">
            {service.detail}
          </pre>
        ))}
    </div>
  )
}
