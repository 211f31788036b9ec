// One service, whole: what it has and what it should have, which of its files somebody edited by hand, what it said last, and
// what can be done about it.
import { Link } from '@tanstack/react-router'
import { RefreshCw, RotateCw, ScrollText } from 'lucide-react'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client, take, type Schemas } from '@/api/client'
import type { Service } from '@/api/feed'
import { asProblem } from '@/api/problem'
import { useList } from '@/api/query'
import { useAt } from '@/api/time'
import { dateTime, relative, t, tOr } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { DiffText } from '@/kit/diff'
import { Drawer } from '@/kit/dialog'
import { LogLines, soundsLike } from '@/kit/log'
import { Loaded, useBlocked } from '@/kit/page'
import { ServiceState } from '@/kit/service-state'
import { toast } from '@/kit/toast'
import { Button, Callout, Facts, type Tone } from '@/kit/ui'
import { History } from '@/services/changes/history'

function Drift({ service }: { service: Service }) {
  const query = useList('/services/{service}/drift', { path: { service: service.name } })
  return (
    <Loaded query={query} rows={2}>
      {(files) =>
        files.length ? (
          <section className="flex flex-col gap-3" data-drift>
            <Callout tone="warn" title={t('drift')}>
              {t('drift.text')}
            </Callout>
            {files.map(({ path, diff, seen_at }) => (
              <div key={path}>
                <p className="mb-1 flex flex-wrap items-baseline justify-between gap-x-3 text-sm">
                  <code className="font-mono text-[0.8125rem] break-all">{path}</code>
                  <span className="text-soft">{t('drift.seen', { when: dateTime(seen_at) })}</span>
                </p>
                <DiffText diff={diff} />
              </div>
            ))}
          </section>
        ) : null
      }
    </Loaded>
  )
}

const verbs = [
  { verb: 'reapply', icon: RefreshCw },
  { verb: 'restart', icon: RotateCw },
] as const
type Operation = Schemas['Operation']
const outcome: Record<Operation['state'], Tone> = { asked: 'info', done: 'good', failed: 'bad', lost: 'warn' }

/** Neither changes the configuration, so neither is a change; how far it is stands with the service. */
function Actions({ service, name }: { service: Service; name: string }) {
  const blocked = useBlocked('post', '/services/{service}/restart')
  const [busy, setBusy] = useState(false)
  const queries = useQueryClient()
  const ask = async (verb: (typeof verbs)[number]['verb']) => {
    setBusy(true)
    try {
      const params = { params: { path: { service: service.name } } }
      await take(verb === 'restart' ? client.POST('/services/{service}/restart', params) : client.POST('/services/{service}/reapply', params))
      toast({ tone: 'good', title: t(`service.${verb}.said`, { name }) })
    } catch (error) {
      tellProblem(asProblem(error))
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: ['/services'] })
    }
  }
  const last = service.operation
  return (
    <div className="flex flex-col gap-3">
      {service.enabled && (
        <div className="flex flex-wrap gap-2">
          {verbs.map(({ verb, icon }) => (
            <Button key={verb} icon={icon} busy={busy} disabled={!!blocked} title={blocked ?? t(`service.${verb}.text`)} onClick={() => void ask(verb)}>
              {t(`service.${verb}`)}
            </Button>
          ))}
        </div>
      )}
      {last && (
        <div data-operation={last.state}>
          <Callout tone={outcome[last.state]} title={`${t(`service.${last.kind}`)}: ${t(`service.operation.${last.state}`)}`}>
            {[relative(last.ended_at ?? last.asked_at), last.detail].filter(Boolean).join('\n')}
          </Callout>
        </div>
      )}
    </div>
  )
}

function Said({ service }: { service: Service }) {
  const query = useList('/services/{service}/logs', { path: { service: service.name } })
  return (
    <Loaded query={query} rows={3}>
      {(lines) => <LogLines label={t('logs.lines')} empty={t('logs.silent')} lines={lines.map(({ at, program, line }, index) => ({ id: `${at} ${lines.length - index}`, at, ...(program !== service.name && { from: program }), text: line, tone: soundsLike(line) }))} />}
    </Loaded>
  )
}

export function ServiceDrawer({ service, onClose }: { service: Service; onClose: () => void }) {
  const past = useAt() !== undefined
  const name = tOr(`service.${service.name}`, service.name)
  return (
    <Drawer wide title={name} subtitle={tOr(`service.${service.name}.text`, '') || undefined} onClose={onClose}>
      <div className="flex flex-col gap-6">
        <Facts
          rows={[
            [t('service.state'), <ServiceState key="s" service={service} />],
            [t('service.revisions'), `#${service.applied_revision}${service.applied_revision === service.desired_revision ? '' : ` → #${service.desired_revision}`}`],
            !!service.pending_restart && [t('state.pending_restart'), service.pending_restart],
          ]}
        />
        {service.detail && (
          <pre tabIndex={0} aria-label={t('service.detail')} className="max-h-60 overflow-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs whitespace-pre-wrap">
            {service.detail}
          </pre>
        )}
        {!past && <Actions service={service} name={name} />}
        {service.drift && <Drift service={service} />}
        {!past && (
          <section>
            <div className="mb-2 flex items-center justify-between gap-3">
              <h3 className="text-sm font-semibold">{t('logs.lines')}</h3>
              <Link to="/logs" search={{ open: service.name } as never} className="inline-flex min-h-9 items-center gap-1.5 text-sm font-medium text-accent-text hover:underline">
                <ScrollText aria-hidden className="size-4" /> {t('nav.logs')}
              </Link>
            </div>
            <Said service={service} />
          </section>
        )}
        <History stream={`service-${service.name}`} name={name} />
      </div>
    </Drawer>
  )
}
