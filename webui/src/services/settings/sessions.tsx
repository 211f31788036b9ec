import { useQueryClient } from '@tanstack/react-query'
import { client, take } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useList } from '@/api/query'
import { useMay } from '@/api/session'
import { dateTime, relative, t } from '@/i18n'
import { tellProblem } from '@/kit/commit'
import { Loaded } from '@/kit/page'
import { toast } from '@/kit/toast'
import { Badge, Button, Card } from '@/kit/ui'

export function Sessions() {
  const query = useList('/sessions')
  const queries = useQueryClient()
  const may = useMay('delete', '/sessions/{id}')
  const end = async (id: string) => {
    try {
      await take(client.DELETE('/sessions/{id}', { params: { path: { id } } }))
      toast({ tone: 'good', title: t('sessions.ended') })
    } catch (error) {
      tellProblem(asProblem(error))
    }
    void queries.invalidateQueries({ queryKey: ['/sessions'] })
  }
  return (
    <Card flush title={t('sessions.title')}>
      <Loaded query={query}>
        {(sessions) => (
          <ul className="divide-y divide-line">
            {sessions.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
                <div className="min-w-48 flex-1">
                  <p className="font-medium">{one.username}</p>
                  <p className="text-sm break-words text-soft">{one.origin}</p>
                  <p className="text-sm text-soft">
                    {t('sessions.seen', { when: relative(one.last_seen_at) })} · {t('sessions.since', { when: dateTime(one.created_at) })}
                  </p>
                </div>
                {one.current ? (
                  <Badge tone="good">{t('sessions.this')}</Badge>
                ) : (
                  <Button small look="danger" disabled={!may} onClick={() => void end(one.id)}>
                    {t('sessions.end')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
