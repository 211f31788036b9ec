// What has passed between the cell and one device, and when it was last heard of.
import { Suspense, lazy, useCallback, useMemo } from 'react'
import { useGet } from '@/api/query'
import { bytes, relative, t } from '@/i18n'
import { Loaded } from '@/kit/page'
import { Facts, Mono } from '@/kit/ui'
import { rates } from './live'

const Chart = lazy(() => import('@/kit/chart'))

export function Traffic({ id }: { id: string }) {
  const query = useGet('/peers/{id}/traffic', { path: { id } })
  const shown = useMemo(() => rates(query.data?.points ?? []), [query.data])
  const series = useMemo(
    () => [
      { label: t('traffic.from'), values: shown.received },
      { label: t('traffic.to'), values: shown.sent },
    ],
    [shown],
  )
  const format = useCallback((value: number) => t('traffic.rate', { bytes: bytes(value) }), [])
  return (
    <Loaded query={query} rows={2}>
      {(traffic) => (
        <div className="flex flex-col gap-4" data-traffic>
          <Facts
            rows={[
              [t('traffic.seen'), traffic.latest_handshake ? relative(traffic.latest_handshake) : t('traffic.never')],
              !!traffic.endpoint && [t('traffic.endpoint'), <Mono key="e">{traffic.endpoint}</Mono>],
              [t('traffic.from'), traffic.received_bytes === null ? '—' : bytes(traffic.received_bytes)],
              [t('traffic.to'), traffic.sent_bytes === null ? '—' : bytes(traffic.sent_bytes)],
            ]}
          />
          {shown.times.length > 1 && (
            <Suspense fallback={<div className="h-40" />}>
              <Chart times={shown.times} series={series} summary={t('traffic.summary', { from: bytes(traffic.received_bytes ?? 0), to: bytes(traffic.sent_bytes ?? 0) })} format={format} />
            </Suspense>
          )}
        </div>
      )}
    </Loaded>
  )
}
