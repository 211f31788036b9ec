import { t } from '@/i18n'
import { Tabs } from '@/kit/tabs'
import { Page } from '@/kit/page'
import { useGo, usePlace } from '@/services/place'
import { Agents } from './agents'
import { Appearance } from './appearance'
import { Backup } from './backup'
import { Config } from './config'
import { Identity } from './identity'
import { Ports } from './ports'
import { Services } from './services'
import { Sessions } from './sessions'
import { Tokens } from './tokens'

export default function Settings() {
  const { tab = 'identity' } = usePlace()
  const go = useGo()
  return (
    <Page title={t('nav.settings')} lead={t('settings.lead')}>
      <Tabs
        label={t('nav.settings')}
        value={tab}
        onChange={(to) => go({ tab: to, open: undefined })}
        tabs={[
          { value: 'identity', label: t('settings.identity'), content: <Identity /> },
          { value: 'services', label: t('settings.services'), content: <Services /> },
          { value: 'ports', label: t('stack.title'), content: <Ports /> },
          { value: 'tokens', label: t('tokens.title'), content: <Tokens /> },
          { value: 'agents', label: t('agents.title'), content: <Agents /> },
          { value: 'sessions', label: t('sessions.title'), content: <Sessions /> },
          { value: 'backup', label: t('backup.title'), content: <Backup /> },
          { value: 'config', label: t('config.title'), content: <Config /> },
          { value: 'appearance', label: t('appearance.title'), content: <Appearance /> },
        ]}
      />
    </Page>
  )
}
