// The page of a service: its tabs, how it is beside them, and where it is off, not there or has refused something, that
// above all else, in the agent's own words and with the way out.
import { Power } from 'lucide-react'
import type { ReactNode } from 'react'
import { changeAt } from '@/api/change'
import { useList } from '@/api/query'
import { useAt } from '@/api/time'
import { t, tOr, type Key } from '@/i18n'
import { useGo, usePlace } from '@/services/place'
import { usePress } from './commit'
import { Page, useBlocked } from './page'
import { ServiceState } from './service-state'
import { Tabs } from './tabs'
import { Button, Callout } from './ui'

export const useService = (name: string) => {
  const found = useList('/services').data?.find((one) => one.name === name)
  // It is always as it is now, which is nothing to show beside the past.
  return useAt() === undefined ? found : undefined
}

/** How it is; nothing while that is not known. */
export function StateOf({ service: name }: { service: string }) {
  const service = useService(name)
  return service ? <ServiceState service={service} /> : null
}

/** What stands in the way of a service; not for one that is off because nothing asks for it yet, whose page says so itself. */
export function ServiceTrouble({ service: name }: { service: string }) {
  const service = useService(name)
  const blocked = useBlocked('patch', '/services/{service}')
  const { press, busy } = usePress()
  if (!service) return null
  const words = tOr(`service.${name}`, name)
  if (!service.enabled) {
    const on = () => void press(changeAt('patch', '/services/{service}', { params: { service: name }, body: { enabled: true } }), { title: t('services.on', { name: words }) })
    return (
      <Callout
        tone="idle"
        title={t('services.off', { name: words })}
        action={
          !blocked && (
            <Button small icon={Power} busy={busy} onClick={on}>
              {t('service.turn_on')}
            </Button>
          )
        }
      >
        {t('service.off.text')}
      </Callout>
    )
  }
  if (service.state === 'refused') return <Callout tone="bad" title={t('attention.refused', { name: words })}>{service.detail}</Callout>
  if (service.state === 'not_installed') return <Callout tone="warn" title={t('service.not_installed', { name: words })}>{service.detail}</Callout>
  if (service.state === 'unreachable') return <Callout tone="warn" title={t('attention.unreachable', { name: words })}>{t('attention.unreachable.text')}</Callout>
  if (service.health === 'unhealthy') return <Callout tone="bad" title={t('attention.unhealthy', { name: words })}>{service.detail}</Callout>
  return null
}

interface Tab {
  value: string
  label: string
  content: ReactNode
}

interface Props {
  service: string
  title: Key
  lead: Key
  actions?: ReactNode
  tabs?: Tab[]
  children?: ReactNode
}

export function ServicePage({ service, title, lead, actions, tabs, children }: Props) {
  const { tab } = usePlace()
  const go = useGo()
  return (
    <Page
      title={t(title)}
      lead={t(lead)}
      actions={
        <>
          <StateOf service={service} />
          {actions}
        </>
      }
    >
      <ServiceTrouble service={service} />
      {tabs && <Tabs label={t(title)} value={tabs.some(({ value }) => value === tab) ? tab! : tabs[0]!.value} onChange={(to) => go({ tab: to, open: undefined })} tabs={tabs} />}
      {children}
    </Page>
  )
}
