// Two moments: what differs in the cell, and in each rendered file. A whole file can be opened side by side.
import { useQuery } from '@tanstack/react-query'
import { Columns2 } from 'lucide-react'
import { Suspense, lazy, useState } from 'react'
import { raw } from '@/api/client'
import { useFeed } from '@/api/feed'
import { get } from '@/api/query'
import { t, tOr } from '@/i18n'
import { DiffText } from '@/kit/diff'
import { Dialog } from '@/kit/dialog'
import { Loaded, Skeleton } from '@/kit/page'
import { Button, Callout, Card } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'
import { ResourceChanges } from './resource-changes'

const Merge = lazy(() => import('@/kit/merge'))

const fileAt = (service: string, path: string, at: number) =>
  raw(`/artefacts/${service}/${path.split('/').map(encodeURIComponent).join('/')}?at=${at}`).then((answer) => answer.text()).catch(() => '')

function SideBySide({ service, path, from, to, onClose }: { service: string; path: string; from: number; to: number; onClose: () => void }) {
  const query = useQuery({ queryKey: ['/artefacts', service, path, from, to], staleTime: Infinity, queryFn: () => Promise.all([fileAt(service, path, from), fileAt(service, path, to)]) })
  return (
    <Dialog wide title={path} subtitle={`${tOr(`service.${service}`, service)} · #${from} → #${to}`} onClose={onClose}>
      <Suspense fallback={<Skeleton />}>{query.data ? <Merge before={query.data[0]} after={query.data[1]} label={path} /> : <Skeleton />}</Suspense>
    </Dialog>
  )
}

export function Compare() {
  const { head } = useFeed()
  const place = usePlace()
  const go = useGo()
  const from = Math.min(place.from ?? Math.max(head - 1, 1), Math.max(head, 1))
  const to = Math.min(place.to ?? head, Math.max(head, 1))
  const query = useQuery({ ...get('/diff', { query: { from, to } }), enabled: head > 0, placeholderData: (before) => before })
  const [open, setOpen] = useState<{ service: string; path: string } | null>(null)
  const look = 'min-h-10 w-28 rounded-lg border border-line-strong bg-surface px-3 tabular-nums'
  return (
    <Card title={t('compare.title')}>
      <div className="flex flex-col gap-5" data-compare>
        <div className="flex flex-wrap items-end gap-4">
          <label className="flex flex-col gap-1 text-sm font-medium">
            {t('compare.from')}
            <input type="number" min={1} max={head} value={from} className={look} onChange={(event) => go({ from: Number(event.target.value) || undefined }, true)} />
          </label>
          <label className="flex flex-col gap-1 text-sm font-medium">
            {t('compare.to')}
            <input type="number" min={1} max={head} value={to} className={look} onChange={(event) => go({ to: Number(event.target.value) || undefined }, true)} />
          </label>
        </div>
        <Loaded query={query}>
          {(diff) =>
            diff.resources.length || diff.artefacts.length ? (
              <>
                <ResourceChanges resources={diff.resources} />
                <ul className="flex flex-col gap-3">
                  {diff.artefacts.map(({ service, path, diff: text }) => (
                    <li key={`${service}/${path}`}>
                      <div className="mb-1 flex flex-wrap items-center justify-between gap-2 text-sm">
                        <span>
                          <span className="text-soft">{tOr(`service.${service}`, service)}</span> <code className="font-mono text-[0.8125rem] break-all">{path}</code>
                        </span>
                        <Button small icon={Columns2} onClick={() => setOpen({ service, path })}>
                          {t('compare.side')}
                        </Button>
                      </div>
                      <DiffText diff={text} />
                    </li>
                  ))}
                </ul>
              </>
            ) : (
              <Callout tone="info">{t('compare.same')}</Callout>
            )
          }
        </Loaded>
      </div>
      {open && <SideBySide {...open} from={from} to={to} onClose={() => setOpen(null)} />}
    </Card>
  )
}
