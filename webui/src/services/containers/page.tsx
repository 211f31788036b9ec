// The containers that the stack runs: their state, the buttons, what they say and what they take. They are asked for every
// few seconds while the page is open, since Docker tells nobody when something changes.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Box, Play, RotateCw, ScrollText, Square } from 'lucide-react'
import { useState } from 'react'
import { client, take, type Schemas } from '@/api/client'
import { asProblem } from '@/api/problem'
import { get } from '@/api/query'
import { useAt } from '@/api/time'
import { bytes, number, t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { Drawer } from '@/kit/dialog'
import { LogLines, soundsLike } from '@/kit/log'
import { Empty, Failed, Loaded, Page, Skeleton, useBlocked } from '@/kit/page'
import { toast } from '@/kit/toast'
import { Badge, Button, Card, Facts, Mono, type Tone } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

type Container = Schemas['Container']
type Verb = 'start' | 'stop' | 'restart'
const every = 4000
const tail = 200

const toneOf = ({ state, health }: Container): Tone => (state !== 'running' ? 'idle' : health === 'unhealthy' ? 'bad' : health === 'starting' ? 'info' : 'good')

function Logs({ name }: { name: string }) {
  const query = useQuery({ ...get('/containers/{name}/logs', { path: { name }, query: { tail } }), refetchInterval: every })
  return (
    <Loaded query={query}>
      {({ items }) => (
        <LogLines
          label={t('containers.logs')}
          empty={t('containers.silent')}
          lines={items.map(({ at, line, stream }, index) => ({ id: `${at} ${items.length - index}`, at, text: line, tone: soundsLike(line) ?? (stream === 'stderr' ? 'warn' : undefined) }))}
        />
      )}
    </Loaded>
  )
}

function Stats({ name }: { name: string }) {
  const query = useQuery({ ...get('/containers/{name}/stats', { path: { name } }), refetchInterval: every })
  return (
    <Loaded query={query} rows={2}>
      {(stats) => (
        <Facts
          rows={[
            [t('containers.cpu'), `${number(Math.round(stats.cpu_percent * 10) / 10)} %`],
            [t('containers.memory'), `${bytes(stats.memory_bytes)} / ${bytes(stats.memory_limit_bytes)}`],
            [t('containers.network'), t('containers.passed', { received: bytes(stats.received_bytes), sent: bytes(stats.sent_bytes) })],
            [t('containers.processes'), number(stats.processes)],
          ]}
        />
      )}
    </Loaded>
  )
}

function Buttons({ container }: { container: Container }) {
  const blocked = useBlocked('post', '/containers/{name}/start')
  const queries = useQueryClient()
  const [busy, setBusy] = useState<Verb | null>(null)
  const press = async (verb: Verb) => {
    setBusy(verb)
    const params = { params: { path: { name: container.name } } }
    try {
      if (verb === 'start') await take(client.POST('/containers/{name}/start', params))
      else if (verb === 'stop') await take(client.POST('/containers/{name}/stop', params))
      else await take(client.POST('/containers/{name}/restart', params))
      toast({ tone: 'good', title: t(`containers.${verb}.said`, { name: container.service }) })
    } catch (error) {
      tellProblem(asProblem(error))
    } finally {
      setBusy(null)
      void queries.invalidateQueries({ queryKey: ['/containers'] })
    }
  }
  const running = container.state === 'running'
  return (
    <div className="flex flex-wrap gap-2">
      {!running && (
        <Button small icon={Play} busy={busy === 'start'} disabled={!!blocked} title={blocked} onClick={() => void press('start')}>
          {t('containers.start')}
        </Button>
      )}
      {running && (
        <>
          <Button small icon={RotateCw} busy={busy === 'restart'} disabled={!!blocked} title={blocked} onClick={() => void press('restart')}>
            {t('containers.restart')}
          </Button>
          <Button small icon={Square} busy={busy === 'stop'} disabled={!!blocked} title={blocked} onClick={() => void press('stop')}>
            {t('containers.stop')}
          </Button>
        </>
      )}
    </div>
  )
}

export default function Containers() {
  const past = useAt() !== undefined
  const query = useQuery({ ...get('/containers'), refetchInterval: every, retry: false })
  const { open } = usePlace()
  const go = useGo()
  const shown = query.data?.items.find(({ name }) => name === open)
  return (
    <Page title={t('nav.containers')} lead={t('containers.lead')}>
      <Card flush>
        {query.error?.code === 'no_containers' ? (
          <Empty icon={Box} title={t('containers.none')}>
            {t('containers.none.text')}
          </Empty>
        ) : query.data ? (
          <ul className="divide-y divide-line">
            {query.data.items.map((container) => (
              <li key={container.name} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
                <div className="min-w-48 flex-1">
                  <button type="button" className="font-medium hover:underline" onClick={() => go({ open: container.name })}>
                    {container.service}
                  </button>
                  <p className="text-sm break-all text-soft">
                    {container.image} · {container.status}
                  </p>
                </div>
                <Badge tone={toneOf(container)} mark>
                  {container.state}
                  {container.health !== 'none' && ` · ${container.health}`}
                </Badge>
                {!past && <Buttons container={container} />}
                <Button small look="quiet" icon={ScrollText} onClick={() => go({ open: container.name })}>
                  {t('containers.logs')}
                </Button>
              </li>
            ))}
          </ul>
        ) : query.error ? (
          <Failed problem={query.error} retry={() => void query.refetch()} />
        ) : (
          <Skeleton />
        )}
      </Card>
      {shown && (
        <Drawer wide title={shown.service} subtitle={shown.image} onClose={() => go({ open: undefined })}>
          <div className="flex flex-col gap-6">
            {!past && <Buttons container={shown} />}
            <Facts
              rows={[
                [t('containers.state'), shown.status],
                [t('containers.address'), <Mono key="a">{shown.address || '—'}</Mono>],
                [t('containers.ports'), <Mono key="p">{shown.ports.map((port) => `${port.address}:${port.published} → ${port.port}/${port.protocol}`).join(', ') || '—'}</Mono>],
              ]}
            />
            {shown.state === 'running' && (
              <section>
                <h3 className="mb-2 text-sm font-semibold">{t('containers.stats')}</h3>
                <Stats name={shown.name} />
              </section>
            )}
            <section>
              <h3 className="mb-2 text-sm font-semibold">{t('containers.logs')}</h3>
              <Logs name={shown.name} />
            </section>
          </div>
        </Drawer>
      )}
    </Page>
  )
}
