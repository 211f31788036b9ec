// Named secrets: what is said about each, and its versions. A value is shown to nobody who has not just signed in, and that
// somebody looked is an event of its own.
import { Eye, KeySquare, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { changeAt } from '@/api/change'
import { client, take } from '@/api/client'
import { theFeed } from '@/api/feed'
import { asProblem } from '@/api/problem'
import type { Item } from '@/api/query'
import { useAt } from '@/api/time'
import { dateTime, relative, t } from '@/i18n'
import { Collection } from '@/kit/collection'
import { tellProblem } from '@/kit/commit'
import { OneTime } from '@/kit/copy'
import { Dialog } from '@/kit/dialog'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { fresh } from '@/kit/fresh'
import { useBlocked } from '@/kit/page'
import { Badge, Button, Callout, Facts } from '@/kit/ui'

export type Secret = Item<'/vault/secrets'>
const day_ms = 86_400_000

const value: FieldSpec[] = [{ name: 'generate' }, { name: 'value', as: 'secret', when: ({ generate }) => generate !== true }]
const about: FieldSpec[] = [{ name: 'description' }, { name: 'rotate_days' }]

/** What was typed before the cell was asked to make the value is none. */
const either = (body: Record<string, unknown>) => Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'value' || body.generate !== true))

export const rotatedAt = (secret: Pick<Secret, 'versions' | 'created_at'>) => secret.versions.at(-1)?.created_at ?? secret.created_at
export const isDue = (secret: Pick<Secret, 'versions' | 'created_at' | 'rotate_days'>, now: number) => secret.rotate_days !== null && now - Date.parse(rotatedAt(secret)) > secret.rotate_days * day_ms

function Versions({ secret }: { secret: Secret }) {
  const mayNot = useBlocked('post', '/vault/secrets/{name}/reveal')
  const past = useAt() !== undefined
  const [shown, setShown] = useState<{ number: number; value: string } | null>(null)
  const look = async (version: number) => {
    try {
      setShown(await fresh(() => take(client.POST('/vault/secrets/{name}/reveal', { params: { path: { name: secret.name } }, body: { version } }))))
      theFeed().changed()
    } catch (error) {
      const problem = asProblem(error)
      if (problem.code !== 'step_up_required') tellProblem(problem)
    }
  }
  const newest = secret.versions.at(-1)?.number
  return (
    <section className="flex flex-col gap-3 border-t border-line pt-5">
      <h3 className="font-semibold">{t('secret.versions')}</h3>
      <p className="text-sm text-soft">{t('secret.look.text')}</p>
      <ul className="divide-y divide-line rounded-xl border border-line">
        {[...secret.versions].reverse().map(({ number, created_at }) => (
          <li key={number} data-version={number} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
            <span className="font-medium tabular-nums">{t('secret.version', { number })}</span>
            {number === newest && <Badge tone="good">{t('secret.current')}</Badge>}
            <time className="text-soft" dateTime={created_at} title={dateTime(created_at)}>
              {relative(created_at)}
            </time>
            {!past && (
              <Button small icon={Eye} className="ml-auto" disabled={!!mayNot} title={mayNot} onClick={() => void look(number)} aria-label={t('secret.look_at', { number })}>
                {t('secret.look')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {shown && (
        <Dialog title={secret.name} subtitle={t('secret.version', { number: shown.number })} onClose={() => setShown(null)}>
          <div className="flex flex-col gap-4">
            <OneTime label={t('secret.value')} value={shown.value} />
            <div>
              <Button onClick={() => setShown(null)}>{t('done')}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  )
}

function Rotate({ secret }: { secret: Secret }) {
  const blocked = useBlocked('put', '/vault/secrets/{name}')
  const [open, setOpen] = useState(false)
  if (blocked) return null
  return (
    <section className="flex flex-col items-start gap-3 border-t border-line pt-5">
      <h3 className="font-semibold">{t('secret.rotate')}</h3>
      <p className="text-sm text-soft">{t('secret.rotate.text')}</p>
      {open ? (
        <div className="w-full">
          <ChangeForm
            schema="SetSecretBody"
            words="secret"
            fields={value}
            start={{ generate: true }}
            canPlan={false}
            undo={false}
            make={(body) => changeAt('put', '/vault/secrets/{name}', { params: { name: secret.name }, body: either(body), version: secret.version })}
            said={() => t('secret.rotated_said', { name: secret.name })}
            submit={t('secret.rotate.submit')}
            onDone={() => setOpen(false)}
            onCancel={() => setOpen(false)}
          />
        </div>
      ) : (
        <Button icon={RefreshCw} onClick={() => setOpen(true)}>
          {t('secret.rotate')}
        </Button>
      )}
    </section>
  )
}

export const Secrets = () => (
  <Collection
    spec={{
      path: '/vault/secrets',
      stream: 'secret-',
      key: 'name',
      method: 'put',
      words: 'secret',
      icon: KeySquare,
      name: ({ name }) => name,
      text: ({ name, description }) => `${name} ${description ?? ''}`,
      make: 'AddSecret',
      patch: 'SetSecretBody',
      fields: [{ name: 'name', mono: true, placeholder: 'backup-bucket' }, ...value, ...about],
      changeFields: about,
      start: { generate: true },
      body: either,
      canUndo: false,
      more: (secret) => (
        <>
          {isDue(secret, Date.now()) && <Callout tone="warn">{t('secret.due')}</Callout>}
          <Facts
            rows={[
              [t('secret.rotated'), relative(rotatedAt(secret))],
              [t('secret.revealed'), secret.revealed_at ? dateTime(secret.revealed_at) : t('secret.never')],
              [t('created'), dateTime(secret.created_at)],
            ]}
          />
          <Versions secret={secret} />
          <Rotate secret={secret} />
        </>
      ),
      columns: [
        { key: 'name', title: t('secret.name'), width: '1.5fr', sort: ({ name }) => name, cell: ({ name }) => name },
        { key: 'description', title: t('secret.description'), width: '2fr', wide: true, cell: ({ description }) => <span className="text-soft">{description ?? '—'}</span> },
        {
          key: 'rotated',
          title: t('secret.rotated'),
          sort: rotatedAt,
          cell: (secret) =>
            isDue(secret, Date.now()) ? (
              <Badge tone="warn" mark>
                {relative(rotatedAt(secret))}
              </Badge>
            ) : (
              <span className="text-soft">{relative(rotatedAt(secret))}</span>
            ),
        },
        { key: 'revealed', title: t('secret.revealed'), wide: true, cell: ({ revealed_at }) => <span className="text-soft">{revealed_at ? relative(revealed_at) : t('secret.never')}</span> },
      ],
    }}
  />
)
