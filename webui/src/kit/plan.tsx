// What a change would do, before it does: its events, the services that would reload, and the rendered files line by line.
import { FileDiff } from 'lucide-react'
import type { Plan } from '@/api/change'
import type { Schemas } from '@/api/client'
import { t, tn, tOr } from '@/i18n'
import { DiffText } from './diff'
import { Badge } from './ui'

export function Artefacts({ artefacts, open = false }: { artefacts: Schemas['ArtefactDiff'][]; open?: boolean }) {
  return (
    <ul className="flex flex-col gap-2">
      {artefacts.map(({ service, path, diff }) => (
        <li key={`${service}/${path}`}>
          <details open={open || artefacts.length === 1} className="group">
            <summary className="flex min-h-9 items-center gap-2 rounded-lg text-sm">
              <FileDiff aria-hidden className="size-4 shrink-0 text-soft" />
              <span className="text-soft">{tOr(`service.${service}`, service)}</span>
              <code className="min-w-0 font-mono text-[0.8125rem] break-all">{path}</code>
            </summary>
            <div className="mt-1">
              <DiffText diff={diff} />
            </div>
          </details>
        </li>
      ))}
    </ul>
  )
}

export function PlanView({ plan }: { plan: Plan }) {
  const services = [...new Set(plan.artefacts.map(({ service }) => service))].filter((service) => service !== 'cell')
  return (
    <section aria-label={t('plan')} data-plan className="flex flex-col gap-4 rounded-xl border border-line bg-raised p-4">
      <div>
        <h3 className="text-sm font-semibold">{t('plan.events')}</h3>
        <ul className="mt-1.5 flex flex-wrap gap-1.5">
          {plan.events.map((event, at) => (
            <li key={at}>
              <Badge tone="info">{tOr(`event.${String(event.type)}.name`, String(event.type))}</Badge>
            </li>
          ))}
          {!plan.events.length && <li className="text-sm text-soft">{t('plan.nothing')}</li>}
        </ul>
      </div>
      <div>
        <h3 className="text-sm font-semibold">{services.length ? tn('plan.reloads', services.length) : t('plan.no_reload')}</h3>
        {!!services.length && (
          <ul className="mt-1.5 flex flex-wrap gap-1.5">
            {services.map((service) => (
              <li key={service}>
                <Badge>{tOr(`service.${service}`, service)}</Badge>
              </li>
            ))}
          </ul>
        )}
      </div>
      {!!plan.artefacts.length && (
        <div>
          <h3 className="mb-1 text-sm font-semibold">{tn('plan.files', plan.artefacts.length)}</h3>
          <Artefacts artefacts={plan.artefacts} />
        </div>
      )}
    </section>
  )
}
