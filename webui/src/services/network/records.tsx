import { Globe } from 'lucide-react'
import { useGet, type Item } from '@/api/query'
import { t, tOr } from '@/i18n'
import { Collection } from '@/kit/collection'
import type { FieldSpec } from '@/kit/field'
import { Badge, Mono } from '@/kit/ui'

type DnsRecord = Item<'/dns/records'>

const fields: FieldSpec[] = [
  { name: 'name', placeholder: 'printer' },
  { name: 'type' },
  { name: 'value', mono: true, hintFor: (inputs) => tOr(`record.value.${String(inputs.type)}`, '') },
  { name: 'ttl' },
]

export function Records() {
  const domain = useGet('/cell').data?.domain ?? ''
  const full = (record: DnsRecord) => (record.name === '@' ? domain : record.type === 'PTR' ? record.name : `${record.name}.${domain}`)
  return (
    <Collection
      spec={{
        path: '/dns/records',
        stream: 'record-',
        words: 'record',
        icon: Globe,
        name: full,
        text: (record) => `${full(record)} ${record.type} ${record.value}`,
        make: 'AddDnsRecord',
        patch: 'ChangeDnsRecordBody',
        remove: 'RemoveDnsRecord',
        start: { name: '' },
        fields,
        columns: [
          { key: 'name', title: t('record.name'), width: '1.5fr', sort: full, cell: full },
          { key: 'type', title: t('record.type'), width: '5rem', sort: (record) => record.type, cell: (record) => <Badge tone="info">{record.type}</Badge> },
          { key: 'value', title: t('record.value'), width: '2fr', sort: (record) => record.value, cell: (record) => <Mono>{record.value}</Mono> },
          { key: 'ttl', title: t('record.ttl.short'), width: '4rem', wide: true, sort: (record) => record.ttl, cell: (record) => <span className="text-soft tabular-nums">{record.ttl}</span> },
        ],
      }}
    />
  )
}
