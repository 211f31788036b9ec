import { useQueryClient } from '@tanstack/react-query'
import { change } from '@/api/change'
import { get, useGet } from '@/api/query'
import { t } from '@/i18n'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { Loaded, useBlocked } from '@/kit/page'
import { Card } from '@/kit/ui'

const fields: FieldSpec[] = [
  { name: 'name' },
  { name: 'domain' },
  { name: 'endpoint', placeholder: 'home.example.org' },
  { name: 'vpn_range', mono: true },
  { name: 'lan_range', mono: true, placeholder: '192.168.1.0/24' },
  { name: 'timezone' },
  { name: 'vpn_range6', mono: true, advanced: true },
]

export function Identity() {
  const query = useGet('/cell')
  const queries = useQueryClient()
  const blocked = useBlocked('patch', '/cell')
  return (
    <Card title={t('settings.identity')}>
      <Loaded query={query}>
        {(cell) => (
          <div className="max-w-2xl">
            <ChangeForm
              schema="ChangeCell"
              words="cell"
              draft="cell"
              focus={false}
              fields={fields}
              original={cell}
              blocked={blocked}
              make={(body) => change('patch', '/cell', { body: body as never })}
              current={() => queries.fetchQuery({ ...get('/cell'), staleTime: 0 })}
              said={() => t('cell.changed')}
              submit={t('save')}
            />
          </div>
        )}
      </Loaded>
    </Card>
  )
}
