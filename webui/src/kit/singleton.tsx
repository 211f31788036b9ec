// The settings of something there is one of: read, changed, with its conflict and its plan. PATCH sends what differs, PUT
// everything.
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { changeAt } from '@/api/change'
import { get, useGet, type GetPath } from '@/api/query'
import { t, tOr } from '@/i18n'
import { History } from '@/services/changes/history'
import type { FieldSpec } from './field'
import { ChangeForm } from './form'
import type { FormName } from './form-values'
import { Loaded, useBlocked } from './page'
import { Card } from './ui'

interface Props<P extends GetPath> {
  path: P
  method: 'put' | 'patch'
  schema: FormName
  /** The prefix of its words: <words>.title, .changed, and one for every field. */
  words: string
  fields: FieldSpec[]
  /** Of its events. */
  stream: string
  careful?: boolean | undefined
  action?: ReactNode
  children?: ReactNode
}

export function Singleton<P extends GetPath>({ path, method, schema, words, fields, stream, careful, action, children }: Props<P>) {
  const query = useGet(path)
  const queries = useQueryClient()
  const blocked = useBlocked(method, path)
  return (
    <Card title={tOr(`${words}.title`, words)} action={action}>
      <Loaded query={query}>
        {(settings) => (
          <div className="max-w-2xl">
            {children}
            <ChangeForm
              schema={schema}
              words={words}
              draft={words}
              whole={method === 'put'}
              focus={false}
              careful={careful}
              fields={fields}
              original={settings as Record<string, unknown> & { version?: number }}
              blocked={blocked}
              make={(body) => changeAt(method, path, { body })}
              current={() => queries.fetchQuery({ ...get(path), staleTime: 0 }) as Promise<Record<string, unknown>>}
              said={() => tOr(`${words}.changed`, t('collection.changed', { name: tOr(`${words}.title`, words) }))}
              submit={t('save')}
            />
            <div className="mt-6">
              <History stream={stream} name="" />
            </div>
          </div>
        )}
      </Loaded>
    </Card>
  )
}
