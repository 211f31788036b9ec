import { useQueryClient } from '@tanstack/react-query'
import { Globe, Plus, Trash2 } from 'lucide-react'
import { change, changeSet } from '@/api/change'
import { list, useGet, useList, type Item } from '@/api/query'
import { t, tOr, tn } from '@/i18n'
import { usePress } from '@/kit/commit'
import { Drawer } from '@/kit/dialog'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { List, type Column } from '@/kit/list'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Badge, Button, Card, Mono } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

type DnsRecord = Item<'/dns/records'>

const fields: FieldSpec[] = [
  { name: 'name', placeholder: 'printer' },
  { name: 'type' },
  { name: 'value', mono: true, hintFor: (inputs) => tOr(`record.value.${String(inputs.type)}`, '') },
  { name: 'ttl' },
]

function RecordDrawer({ record, onClose }: { record: DnsRecord | undefined; onClose: () => void }) {
  const blocked = useBlocked('post', '/dns/records')
  const queries = useQueryClient()
  const { press, busy } = usePress()
  const { open } = usePlace()
  const title = record ? `${record.name} ${record.type}` : t('dns.add')
  if (!record && open !== 'new') {
    return (
      <Drawer title={t('dns.gone')} onClose={onClose}>
        <Empty title={t('dns.gone.text')} />
      </Drawer>
    )
  }
  const remove = async () => {
    const done = await press(change('delete', '/dns/records/{id}', { params: { id: record!.id }, version: record!.version }), { title: t('dns.removed', { name: record!.name }) })
    if (done) onClose()
  }
  return (
    <Drawer title={title} onClose={onClose}>
      <div className="flex flex-col gap-6">
        <ChangeForm
          schema={record ? 'ChangeDnsRecordBody' : 'AddDnsRecord'}
          words="record"
          draft={`record.${record?.id ?? 'new'}`}
          fields={fields}
          start={{ name: '' }}
          original={record}
          blocked={blocked}
          make={(body) => (record ? change('patch', '/dns/records/{id}', { params: { id: record.id }, body: body as never }) : change('post', '/dns/records', { body: body as never }))}
          current={async () => (await queries.fetchQuery({ ...list('/dns/records'), staleTime: 0 })).find(({ id }) => id === record?.id) ?? record!}
          said={(done) => t(record ? 'dns.changed' : 'dns.added', { name: String(done.resource?.name) })}
          submit={record ? t('save') : t('dns.add.submit')}
          onDone={onClose}
        />
        {record && !blocked && (
          <div className="border-t border-line pt-5">
            <Button look="danger" icon={Trash2} busy={busy} onClick={() => void remove()}>
              {t('dns.remove')}
            </Button>
          </div>
        )}
      </div>
    </Drawer>
  )
}

export function Records() {
  const query = useList('/dns/records')
  const domain = useGet('/cell').data?.domain ?? ''
  const { open } = usePlace()
  const go = useGo()
  const blocked = useBlocked('post', '/dns/records')
  const { press, busy } = usePress()
  const full = (record: DnsRecord) => (record.name === '@' ? domain : record.type === 'PTR' ? record.name : `${record.name}.${domain}`)
  const columns: Column<DnsRecord>[] = [
    { key: 'name', title: t('record.name'), width: '1.5fr', sort: (record) => record.name, cell: (record) => full(record) },
    { key: 'type', title: t('record.type'), width: '5rem', sort: (record) => record.type, cell: (record) => <Badge tone="info">{record.type}</Badge> },
    { key: 'value', title: t('record.value'), width: '2fr', sort: (record) => record.value, cell: (record) => <Mono>{record.value}</Mono> },
    { key: 'ttl', title: t('record.ttl'), width: '5rem', wide: true, sort: (record) => record.ttl, cell: (record) => <span className="text-soft tabular-nums">{record.ttl}</span> },
  ]
  const add = (
    <Button look="primary" icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: 'new' })}>
      {t('dns.add')}
    </Button>
  )
  return (
    <Loaded query={query}>
      {(records) => (
        <>
          <Card flush title={t('dns.records')} action={add}>
            <List
              label={t('dns.records')}
              items={records}
              columns={columns}
              id={(record) => record.id}
              name={full}
              text={(record) => `${full(record)} ${record.type} ${record.value}`}
              onOpen={(record) => go({ open: record.id })}
              bulk={
                blocked
                  ? undefined
                  : (chosen, clear) => (
                      <Button
                        small
                        look="danger"
                        icon={Trash2}
                        busy={busy}
                        onClick={() => void press(changeSet(chosen.map(({ id }) => ({ type: 'RemoveDnsRecord', data: { id } }))), { title: tn('dns.removed_many', chosen.length) }).then((done) => done && clear())}
                      >
                        {t('remove')}
                      </Button>
                    )
              }
              empty={
                <Empty icon={Globe} title={t('dns.none')} action={add}>
                  {t('dns.none.text')}
                </Empty>
              }
            />
          </Card>
          {open && <RecordDrawer key={open} record={records.find(({ id }) => id === open)} onClose={() => go({ open: undefined })} />}
        </>
      )}
    </Loaded>
  )
}
