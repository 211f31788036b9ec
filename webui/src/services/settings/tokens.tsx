import { useQuery } from '@tanstack/react-query'
import { KeySquare, Plus } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import calls from '@/api/gen/calls.json'
import { list } from '@/api/query'
import { useAt } from '@/api/time'
import { day, relative, t } from '@/i18n'
import { usePress } from '@/kit/commit'
import { OneTime } from '@/kit/copy'
import { Drawer } from '@/kit/dialog'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import type { Input } from '@/kit/form-values'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Badge, Button, Callout, Card } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

/** The areas that calls have rights for. */
export const areas = [...new Set(Object.values(calls).filter((scope) => scope.includes(':')).map((scope) => scope.split(':')[0]!))].filter((area) => area !== '*').sort()

function Scopes({ value, set, error, label }: { value: Input; set: (value: Input) => void; error: string | undefined; label: string }) {
  const chosen = typeof value === 'string' ? value.split('\n').filter(Boolean) : []
  const rightOf = (area: string) => (chosen.includes(`${area}:write`) ? 'write' : chosen.includes(`${area}:read`) ? 'read' : '')
  const give = (area: string, right: string) => set([...chosen.filter((scope) => !scope.startsWith(`${area}:`)), ...(right ? [`${area}:${right}`] : [])].join('\n'))
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <p className="mb-1 text-[0.8125rem] text-soft">{t('token.scopes.hint')}</p>
      {['*', ...areas].map((area) => (
        <div key={area} className="flex min-h-10 items-center justify-between gap-3 border-b border-line text-sm">
          <span className="font-mono text-[0.8125rem]">{area === '*' ? t('tokens.everything') : area}</span>
          <select aria-label={area === '*' ? t('tokens.everything') : area} className="min-h-9 rounded-lg border border-line-strong bg-surface px-2 text-sm" value={rightOf(area)} onChange={(event) => give(area, event.target.value)}>
            <option value="">{t('tokens.none')}</option>
            <option value="read">{t('tokens.read')}</option>
            <option value="write">{t('tokens.write')}</option>
          </select>
        </div>
      ))}
      {error && <p className="text-[0.8125rem] font-medium text-bad" data-error>{error}</p>}
    </fieldset>
  )
}

const fields: FieldSpec[] = [{ name: 'name' }, { name: 'expires_at' }, { name: 'sources', mono: true, placeholder: '10.10.0.0/24' }, { name: 'scopes', render: (control) => <Scopes {...control} /> }]

/** No event tells of a token's use. */
const refresh_ms = 5000

export function Tokens() {
  const query = useQuery({ ...list('/tokens', {}, useAt()), refetchInterval: refresh_ms })
  const blocked = useBlocked('post', '/tokens')
  const { open } = usePlace()
  const go = useGo()
  const { press, busy } = usePress()
  const [made, setMade] = useState<{ name: string; token: string } | null>(null)
  const close = () => {
    setMade(null)
    go({ open: undefined })
  }
  const add = (
    <Button look="primary" icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: 'new' })}>
      {t('tokens.add')}
    </Button>
  )
  return (
    <Card flush title={t('tokens.title')} action={add}>
      <Loaded query={query}>
        {(tokens) =>
          tokens.length ? (
            <ul className="divide-y divide-line">
              {tokens.map((token) => (
                <li key={token.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3 sm:px-5">
                  <div className="min-w-48 flex-1">
                    <p className="font-medium">{token.name}</p>
                    <p className="text-sm text-soft">
                      {token.owner} · {relative(token.created_at)} · {token.expires_at ? t('tokens.until', { when: day(token.expires_at) }) : t('tokens.forever')}
                    </p>
                    <p className="text-sm text-soft">
                      {token.last_used_at ? t('tokens.used', { when: relative(token.last_used_at), from: token.last_used_from === 'local' ? t('tokens.host') : (token.last_used_from ?? '') }) : t('tokens.unused')}
                      {!!token.sources.length && <> · {t('tokens.only_from', { sources: token.sources.join(', ') })}</>}
                    </p>
                  </div>
                  <span className="flex flex-wrap gap-1">
                    {token.scopes.map((scope) => (
                      <Badge key={scope}>{scope}</Badge>
                    ))}
                  </span>
                  <Button small look="danger" busy={busy} disabled={!!blocked} onClick={() => void press(change('delete', '/tokens/{id}', { params: { id: token.id } }), { title: t('tokens.revoked', { name: token.name }), undo: false })}>
                    {t('tokens.revoke')}
                  </Button>
                </li>
              ))}
            </ul>
          ) : (
            <Empty icon={KeySquare} title={t('tokens.empty')}>
              {t('tokens.empty.text')}
            </Empty>
          )
        }
      </Loaded>
      {(open === 'new' || made) && (
        <Drawer title={made ? made.name : t('tokens.add')} onClose={close}>
          {made ? (
            <div className="flex flex-col gap-4">
              <Callout tone="warn" title={t('tokens.once')}>
                {t('tokens.once.text')}
              </Callout>
              <OneTime label={t('tokens.token')} value={made.token} />
              <div>
                <Button onClick={close}>{t('done')}</Button>
              </div>
            </div>
          ) : (
            <ChangeForm
              schema="AddToken"
              words="token"
              draft="token.new"
              fields={fields}
              make={(body) => change('post', '/tokens', { body: body as never })}
              said={(done) => t('tokens.added', { name: String(done.resource?.name) })}
              submit={t('tokens.add.submit')}
              undo={false}
              canPlan={false}
              onDone={(done) => setMade({ name: String(done.resource?.name), token: String(done.resource?.token) })}
            />
          )}
        </Drawer>
      )}
    </Card>
  )
}
