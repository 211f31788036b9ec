import { ExternalLink, PanelsTopLeft } from 'lucide-react'
import { useGet } from '@/api/query'
import { t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import type { FieldSpec } from '@/kit/field'
import { ServicePage } from '@/kit/service-page'
import { Toggle } from '@/kit/toggle'
import { Badge, Card, Mono } from '@/kit/ui'

const fields: FieldSpec[] = [{ name: 'host', placeholder: 'wiki.example.org' }, { name: 'upstream', mono: true, placeholder: '192.168.1.20:8080' }, { name: 'tls', hintFor: ({ tls }) => tOr(`site.tls.${String(tls)}.hint`, '') }, { name: 'enabled' }]

/** The fronts of the cell's own services, which need no entry. */
function Own() {
  const domain = useGet('/cell').data?.domain
  if (!domain) return null
  return (
    <Card title={t('proxy.own')}>
      <p className="mb-3 text-sm text-soft">{t('proxy.own.text')}</p>
      <ul className="grid gap-2 sm:grid-cols-3">
        {(['calendar', 'files', 'webmail'] as const).map((name) => (
          <li key={name} className="flex min-h-11 items-center gap-2 rounded-lg border border-line bg-raised px-3 text-sm">
            <ExternalLink aria-hidden className="size-4 shrink-0 text-soft" />
            <a className="min-w-0 truncate hover:underline" href={`https://${name}.${domain}/`} target="_blank" rel="noreferrer">{`${name}.${domain}`}</a>
          </li>
        ))}
      </ul>
    </Card>
  )
}

export default function Proxy() {
  return (
    <ServicePage service="proxy" title="nav.proxy" lead="proxy.lead">
      <Collection
        spec={{
          path: '/proxy/sites',
          stream: 'site-',
          words: 'site',
          icon: PanelsTopLeft,
          name: ({ host }) => host,
          text: ({ host, upstream }) => `${host} ${upstream}`,
          make: 'AddSite',
          patch: 'ChangeSiteBody',
          remove: 'RemoveSite',
          fields,
          columns: [
            { key: 'host', title: t('site.host'), width: '1.5fr', sort: ({ host }) => host, cell: ({ host }) => host },
            { key: 'upstream', title: t('site.upstream'), width: '1.2fr', sort: ({ upstream }) => upstream, cell: ({ upstream }) => <Mono>{upstream}</Mono> },
            { key: 'tls', title: t('site.tls'), wide: true, sort: ({ tls }) => tls, cell: ({ tls }) => <Badge tone={tls === 'acme' ? 'info' : 'idle'}>{t(`site.tls.${tls}.short`)}</Badge> },
            { key: 'enabled', title: t('site.enabled'), width: '5rem', end: true, cell: (site) => <Toggle path="/proxy/sites" words="site" name={site.host} item={site} /> },
          ],
        }}
      />
      <Own />
    </ServicePage>
  )
}
