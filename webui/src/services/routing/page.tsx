import { t } from '@/i18n'
import { ServicePage } from '@/kit/service-page'
import { Forwards } from './forwards'
import { Picture } from './picture'
import { Rules } from './rules'

export default function Routing() {
  return (
    <ServicePage
      service="wireguard"
      title="nav.routing"
      lead="routing.lead"
      tabs={[
        { value: 'rules', label: t('rule.title'), content: <Rules /> },
        { value: 'reach', label: t('reach.title'), content: <Picture /> },
        { value: 'forwards', label: t('routing.forwards'), content: <Forwards /> },
      ]}
    />
  )
}
