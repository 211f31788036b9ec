// Who is signed in, from where and since when; each can be ended. Sessions are not in the log, so they are asked for now
// and then.
import { LogOut, MonitorSmartphone } from 'lucide-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { client, take } from '@/api/client'
import { asProblem } from '@/api/problem'
import { list } from '@/api/query'
import { useMay } from '@/api/session'
import { dateTime, relative, t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { Empty, Loaded } from '@/kit/page'
import { toast } from '@/kit/toast'
import { Badge, Button } from '@/kit/ui'
import { device } from './user-agent'

const refresh_ms = 10_000

/** `of`: of this person alone. */
export function SessionList({ of, named = true }: { of?: string | undefined; named?: boolean }) {
  const query = useQuery({ ...list('/sessions'), refetchInterval: refresh_ms })
  const queries = useQueryClient()
  const may = useMay('delete', '/sessions/{id}')
  const end = async (ids: string[], said: string) => {
    try {
      for (const id of ids) await take(client.DELETE('/sessions/{id}', { params: { path: { id } } }))
      toast({ tone: 'good', title: said })
    } catch (error) {
      tellProblem(asProblem(error))
    }
    void queries.invalidateQueries({ queryKey: ['/sessions'] })
  }
  return (
    <Loaded query={query} rows={2}>
      {(all) => {
        const sessions = all.filter(({ username }) => of === undefined || username === of).sort((a, b) => Number(b.current) - Number(a.current) || b.last_seen_at.localeCompare(a.last_seen_at))
        const others = sessions.filter(({ current }) => !current)
        if (!sessions.length) return <Empty icon={MonitorSmartphone} title={t('sessions.none')} />
        return (
          <>
            <ul className="divide-y divide-line" aria-label={t('sessions.title')}>
              {sessions.map((one) => {
                const { address, words } = device(one.origin)
                return (
                  <li key={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
                    <div className="min-w-48 flex-1">
                      <p className="font-medium">
                        {named && <>{one.username} </>}
                        <span className={named ? 'font-normal text-soft' : ''} title={one.origin}>
                          {words || t('sessions.program')}
                        </span>
                      </p>
                      <p className="text-sm break-words text-soft">
                        {address} · {t('sessions.seen', { when: relative(one.last_seen_at) })} · <span title={dateTime(one.created_at)}>{t('sessions.since', { when: relative(one.created_at) })}</span>
                      </p>
                    </div>
                    {one.current ? (
                      <Badge tone="good">{t('sessions.this')}</Badge>
                    ) : (
                      <Button small look="danger" disabled={!may} onClick={() => void end([one.id], t('sessions.ended'))}>
                        {t('sessions.end')}
                      </Button>
                    )}
                  </li>
                )
              })}
            </ul>
            {of !== undefined && others.length > 1 && (
              <div className="border-t border-line p-4 sm:px-5">
                <Button icon={LogOut} onClick={() => void end(others.map(({ id }) => id), t('sessions.ended_others'))}>
                  {t('sessions.end_others')}
                </Button>
              </div>
            )}
          </>
        )
      }}
    </Loaded>
  )
}
