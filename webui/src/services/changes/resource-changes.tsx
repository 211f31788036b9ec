// What changed, as the things themselves: their fields before and after.
import type { Schemas } from '@/api/client'
import { tOr } from '@/i18n'
import { same } from '@/kit/form-values'
import { Badge, type Tone } from '@/kit/ui'
import { t } from '@/i18n'

type Resource = Record<string, unknown> | null
const quiet = new Set(['version', 'updated_at', 'created_at', 'id'])

export function changedFields(before: Resource, after: Resource): { name: string; was: unknown; is: unknown }[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...names].filter((name) => !quiet.has(name) && !same(before?.[name], after?.[name])).map((name) => ({ name, was: before?.[name], is: after?.[name] }))
}

const shown = (value: unknown) => (value === null || value === undefined ? '—' : typeof value === 'string' ? value || '—' : Array.isArray(value) ? value.map((one) => (typeof one === 'object' ? JSON.stringify(one) : String(one))).join(', ') || '—' : JSON.stringify(value))

const title = (resource: Resource, key: string) => String(resource?.name ?? resource?.username ?? key)

export function ResourceChanges({ resources }: { resources: Schemas['ResourceChange'][] }) {
  return (
    <ul className="flex flex-col gap-2">
      {resources.map(({ collection, key, before, after }) => {
        const fields = changedFields(before as Resource, after as Resource)
        if (!fields.length) return null
        const [tone, word]: [Tone, string] = !before ? ['good', t('diff.came')] : !after ? ['bad', t('diff.went')] : ['info', t('diff.changed')]
        return (
          <li key={`${collection}/${key}`} className="rounded-lg border border-line p-3">
            <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
              <Badge tone={tone}>{word}</Badge> {tOr(`collection.${collection}`, collection)} {title((after ?? before) as Resource, key) !== collection && title((after ?? before) as Resource, key)}
            </p>
            <dl className="mt-2 grid grid-cols-1 gap-x-4 gap-y-1 text-[0.8125rem] sm:grid-cols-[10rem_1fr]">
              {fields.map(({ name, was, is }) => (
                <div key={name} className="contents">
                  <dt className="text-soft">{name.replaceAll('_', ' ')}</dt>
                  <dd className="min-w-0 break-all">
                    {before && <del className="mr-2 rounded bg-bad-soft px-1 text-bad no-underline">{shown(was)}</del>}
                    {after && <ins className="rounded bg-good-soft px-1 text-good no-underline">{shown(is)}</ins>}
                  </dd>
                </div>
              ))}
            </dl>
          </li>
        )
      })}
    </ul>
  )
}
