import { change } from '@/api/change'
import { useList } from '@/api/query'
import { t, tOr } from '@/i18n'
import { usePress } from '@/kit/commit'
import { Switch } from '@/kit/field'
import { Loaded, useBlocked } from '@/kit/page'
import { ServiceState } from '@/kit/service-state'
import { Card } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'
import { ServiceDrawer } from './service-drawer'

export function Services() {
  const query = useList('/services')
  const blocked = useBlocked('patch', '/services/{service}')
  const { press, busy } = usePress()
  const { open } = usePlace()
  const go = useGo()
  const shown = query.data?.find(({ name }) => name === open)
  return (
    <Card flush title={t('settings.services')}>
      <Loaded query={query}>
        {(services) => (
          <ul className="divide-y divide-line">
            {services.map((service) => {
              const name = tOr(`service.${service.name}`, service.name)
              const set = (enabled: boolean) => void press(change('patch', '/services/{service}', { params: { service: service.name }, body: { enabled } }), { title: t(enabled ? 'services.on' : 'services.off', { name }) })
              return (
                <li key={service.name} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3.5 sm:px-5">
                  <div className="min-w-56 flex-1">
                    <button type="button" className="font-medium hover:underline" onClick={() => go({ open: service.name })}>
                      {name}
                    </button>
                    <p className="text-sm text-soft">{tOr(`service.${service.name}.text`, '')}</p>
                    {service.detail && <pre className="mt-1 font-mono text-xs whitespace-pre-wrap text-soft">{service.detail}</pre>}
                  </div>
                  <span className="ml-auto flex items-center gap-4">
                    <ServiceState service={service} />
                    <Switch label={t('services.enable', { name })} checked={service.enabled} disabled={!!blocked || busy} onChange={set} />
                  </span>
                </li>
              )
            })}
          </ul>
        )}
      </Loaded>
      {shown && <ServiceDrawer service={shown} onClose={() => go({ open: undefined })} />}
    </Card>
  )
}
