import { t } from '@/i18n'
import { Page } from '@/kit/page'
import { Tabs } from '@/kit/tabs'
import { useGo, usePlace } from '@/services/place'
import { Authority } from './authority'
import { Certificates } from './certificates'
import { Recovery } from './recovery'
import { Secrets } from './secrets'

export default function Vault() {
  const { tab = 'certificates' } = usePlace()
  const go = useGo()
  return (
    <Page title={t('nav.vault')} lead={t('vault.lead')}>
      <Tabs
        label={t('nav.vault')}
        value={tab}
        onChange={(to) => go({ tab: to, open: undefined })}
        tabs={[
          { value: 'certificates', label: t('certificate.title'), content: <div className="flex flex-col gap-5"><Authority /><Certificates /></div> },
          { value: 'secrets', label: t('secret.title'), content: <Secrets /> },
          { value: 'recovery', label: t('recovery.title'), content: <Recovery /> },
        ]}
      />
    </Page>
  )
}
