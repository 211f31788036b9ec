import { t } from '@/i18n'
import { Page } from '@/kit/page'
import { AccessLog } from './access'

export default function Logs() {
  return (
    <Page title={t('nav.logs')} lead={t('logs.lead')}>
      <AccessLog />
    </Page>
  )
}
