import { t } from '@/i18n'
import { useMay } from '@/api/session'
import { Page } from '@/kit/page'
import { Tabs } from '@/kit/tabs'
import { useGo, usePlace } from '@/services/place'
import { AccessLog } from './access'
import { Lines } from './lines'

export default function Logs() {
  const { tab = 'lines' } = usePlace()
  const go = useGo()
  const tabs = [
    { value: 'lines', label: t('logs.everything'), content: <Lines /> },
    ...(useMay('get', '/access-log') ? [{ value: 'access', label: t('access.title'), content: <AccessLog /> }] : []),
  ]
  return (
    <Page title={t('nav.logs')} lead={t('logs.lead')}>
      <Tabs label={t('nav.logs')} value={tab} onChange={(to) => go({ tab: to, open: undefined })} tabs={tabs} />
    </Page>
  )
}
