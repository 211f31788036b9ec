// One change, whole: what was meant, what it did to the rendered files, how each service took it, and the way back.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Clock, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { change as make } from '@/api/change'
import { get } from '@/api/query'
import { useMay } from '@/api/session'
import { useAt } from '@/api/time'
import { dateTime, t, tOr } from '@/i18n'
import { Drawer } from '@/kit/dialog'
import { Loaded, Skeleton } from '@/kit/page'
import { Artefacts } from '@/kit/plan'
import { PlannedDialog } from '@/kit/planned'
import { Rollout } from '@/kit/rollout'
import { Badge, Button, Facts, Mono } from '@/kit/ui'
import { changeAround, phrase, who } from './events'
import { useNames } from './names'
import { ResourceChanges } from './resource-changes'

export function ChangeDrawer({ seq, onClose }: { seq: number; onClose: () => void }) {
  const query = useQuery(changeAround(seq))
  const known = useNames()
  const change = query.data
  const diff = useQuery({ ...get('/diff', { query: { from: (change?.first.seq ?? 1) - 1, to: change?.last.seq ?? 1 } }), enabled: !!change && change.first.seq > 1, staleTime: Infinity })
  const [undoing, setUndoing] = useState(false)
  const mayUndo = useMay('post', '/changes/{seq}/undo')
  const at = useAt()
  return (
    <Drawer wide title={t('change.title', { seq })} subtitle={change ? `${who(change.first.actor)} ${phrase(change.first, known)}` : undefined} onClose={onClose}>
      <Loaded query={query}>
        {(found) =>
          found && (
            <div className="flex flex-col gap-6">
              <Facts
                rows={[
                  [t('change.when'), dateTime(found.first.at)],
                  [t('change.who'), `${who(found.first.actor)} (${found.first.source})`],
                  !!found.first.causation && [t('change.cause'), <Link key="c" className="text-accent-text underline" to="." search={((s: object) => ({ ...s, open: String(found.first.causation) })) as never}>#{found.first.causation}</Link>],
                  [t('change.request'), <Mono key="r">{found.first.request_id || '—'}</Mono>],
                ]}
              />
              <div className="flex flex-wrap gap-2">
                {mayUndo && at === undefined && found.first.seq > 1 && (
                  <Button icon={Undo2} onClick={() => setUndoing(true)}>
                    {t('change.undo')}
                  </Button>
                )}
                <Link to="/" search={{ at: found.last.seq } as never} className="inline-flex min-h-10 items-center gap-2 rounded-lg border border-line px-3.5 text-sm font-medium hover:border-line-strong sm:min-h-9">
                  <Clock aria-hidden className="size-4" /> {t('change.then')}
                </Link>
              </div>
              <section>
                <h3 className="mb-2 text-sm font-semibold">{t('change.services')}</h3>
                {(diff.data || found.first.seq === 1) && <Rollout seq={found.last.seq} only={diff.data?.artefacts.map(({ service }) => service)} />}
              </section>
              {found.first.seq > 1 && (
                <Loaded query={diff}>
                  {(it) => (
                    <>
                      {!!it.resources.length && (
                        <section>
                          <h3 className="mb-2 text-sm font-semibold">{t('change.meant')}</h3>
                          <ResourceChanges resources={it.resources} />
                        </section>
                      )}
                      {!!it.artefacts.length && (
                        <section>
                          <h3 className="mb-2 text-sm font-semibold">{t('change.rendered')}</h3>
                          <Artefacts artefacts={it.artefacts} />
                        </section>
                      )}
                    </>
                  )}
                </Loaded>
              )}
              <section>
                <h3 className="mb-2 text-sm font-semibold">{t('change.events')}</h3>
                <ul className="flex flex-col gap-2">
                  {found.events.map((event) => (
                    <li key={event.seq} className="rounded-lg border border-line p-3">
                      <p className="flex flex-wrap items-center gap-2 text-sm">
                        <span className="text-soft tabular-nums">#{event.seq}</span>
                        <Badge tone="info">{tOr(`event.${event.type}.name`, event.type)}</Badge>
                      </p>
                      <details className="mt-2 text-sm">
                        <summary className="min-h-8 text-soft">{t('change.data')}</summary>
                        <pre tabIndex={0} className="mt-1 max-h-72 overflow-auto rounded-lg bg-raised p-3 font-mono text-xs whitespace-pre-wrap">{JSON.stringify(event.data, null, 2)}</pre>
                        <p className="mt-2 text-xs text-soft">
                          {t('change.hash')} <Mono>{event.hash}</Mono>
                        </p>
                      </details>
                    </li>
                  ))}
                </ul>
              </section>
              {undoing && (
                <PlannedDialog
                  title={t('undo.title', { seq: found.last.seq })}
                  text={t('undo.text')}
                  change={make('post', '/changes/{seq}/undo', { params: { seq: found.last.seq } })}
                  submit={t('undo.submit')}
                  said={t('undone')}
                  onClose={() => setUndoing(false)}
                  onDone={onClose}
                />
              )}
            </div>
          )
        }
      </Loaded>
      {query.data === null && <Skeleton />}
    </Drawer>
  )
}
