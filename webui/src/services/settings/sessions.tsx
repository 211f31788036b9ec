import { t } from '@/i18n'
import { Card } from '@/kit/ui'
import { SessionList } from '@/services/account/sessions'

export const Sessions = () => (
  <Card flush title={t('sessions.title')}>
    <SessionList />
  </Card>
)
