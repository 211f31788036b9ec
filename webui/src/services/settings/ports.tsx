// Where the stack's services listen on the host, and their network. The local runtime has none of it: there the services are
// programs of this machine.
import { useGet } from '@/api/query'
import { t } from '@/i18n'
import { formSchema } from '@/kit/form-values'
import type { FieldSpec } from '@/kit/field'
import { Loaded } from '@/kit/page'
import { Singleton } from '@/kit/singleton'
import { Callout, Card } from '@/kit/ui'

/** In the API's order: ports in sight, the rest behind "more". */
const fields: FieldSpec[] = Object.keys(formSchema('ChangeStack').properties)
  .filter((name) => name !== 'compose_project_name')
  .map((name) => ({ name, mono: true, half: true, ...(name.endsWith('_port') ? {} : { advanced: true }) }))

export function Ports() {
  const query = useGet('/stack')
  return (
    <Loaded query={query}>
      {(stack) =>
        stack.configured ? (
          <Singleton path="/stack" careful stream="stack" method="patch" schema="ChangeStack" words="stack" fields={fields}>
            <p className="mb-5 text-sm text-soft">{t('stack.text')}</p>
          </Singleton>
        ) : (
          <Card title={t('stack.title')}>
            <Callout tone="info" title={t('stack.none')}>
              {t('stack.none.text')}
            </Callout>
          </Card>
        )
      }
    </Loaded>
  )
}
