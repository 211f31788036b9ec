// The daemon walks the whole hash chain; here is what it found.
import { useQuery } from '@tanstack/react-query'
import { get } from '@/api/query'
import { number, t } from '@/i18n'
import { Loaded } from '@/kit/page'
import { Button, Callout, Card, Facts, Mono } from '@/kit/ui'

export function Verify() {
  const query = useQuery({ ...get('/audit/verify'), staleTime: 0, gcTime: 0 })
  return (
    <Card title={t('verify.title')} action={<Button small busy={query.isFetching} onClick={() => void query.refetch()}>{t('verify.again')}</Button>}>
      <Loaded query={query} rows={2}>
        {(found) => (
          <div className="flex flex-col gap-4" data-verified={found.ok}>
            <Callout tone={found.ok ? 'good' : 'bad'} title={found.ok ? t('verify.whole', { count: number(found.events) }) : t('verify.broken', { seq: found.first_bad_seq ?? 0 })}>
              {found.ok ? t('verify.whole.text') : found.detail}
            </Callout>
            <Facts rows={[[t('verify.head'), `#${found.head.seq}`], [t('verify.hash'), <Mono key="h">{found.head.hash}</Mono>]]} />
          </div>
        )}
      </Loaded>
    </Card>
  )
}
