import { t } from '@/i18n'
import { Tabs } from '@/kit/tabs'
import { Page } from '@/kit/page'
import { useGo, usePlace } from '@/services/place'
import { Blocking } from './blocking'
import { Dhcp } from './dhcp'
import { Lookup } from './lookup'
import { Records } from './records'
import { Resolvers } from './resolvers'
import { Time } from './time'
import { Zone } from './zone'

export default function Network() {
  const { tab = 'records' } = usePlace()
  const go = useGo()
  return (
    <Page title={t('nav.network')} lead={t('network.lead')}>
      <Tabs
        label={t('nav.network')}
        value={tab}
        onChange={(to) => go({ tab: to, open: undefined })}
        tabs={[
          { value: 'records', label: t('dns.records'), content: <Records /> },
          { value: 'lookup', label: t('dns.lookup'), content: <Lookup /> },
          { value: 'resolvers', label: t('dns.resolvers'), content: <Resolvers /> },
          { value: 'blocking', label: t('dns.blocking'), content: <Blocking /> },
          { value: 'zone', label: t('dns.zone'), content: <Zone /> },
          { value: 'dhcp', label: t('dhcp'), content: <Dhcp /> },
          { value: 'time', label: t('ntp'), content: <Time /> },
        ]}
      />
    </Page>
  )
}
