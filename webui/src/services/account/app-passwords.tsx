// Passwords for single devices and programs: made by the cell, shown once, taken back one by one.
import { KeySquare, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { change } from '@/api/change'
import { useList } from '@/api/query'
import { relative, t, tOr } from '@/i18n'
import { usePress } from '@/kit/commit'
import { OneTime } from '@/kit/copy'
import { Drawer } from '@/kit/dialog'
import { ChangeForm } from '@/kit/form'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Button, Callout, IconButton } from '@/kit/ui'

/** The services that people sign in to. */
export const personal = ['mail', 'calendar', 'files']
export const personalChoices = () => personal.map((name) => ({ value: name, label: tOr(`service.${name}`, name) }))

interface Person {
  id: string
  username: string
  services?: string[] | null | undefined
}

/** The dialog alone, so that whoever says "make one" can be anywhere on a page. */
export function NewAppPassword({ user, onClose }: { user: Person; onClose: () => void }) {
  const [made, setMade] = useState<{ name: string; password: string } | null>(null)
  const options = personalChoices().filter(({ value }) => !user.services || user.services.includes(value))
  return (
    <Drawer title={made ? made.name : t('apps.add')} subtitle={made ? undefined : t('apps.text')} onClose={onClose}>
      {made ? (
        <div className="flex flex-col gap-4">
          <Callout tone="warn" title={t('tokens.once')}>
            {t('apps.once')}
          </Callout>
          <OneTime label={t('apps.password')} value={made.password} />
          <div>
            <Button onClick={onClose}>{t('done')}</Button>
          </div>
        </div>
      ) : (
        <ChangeForm
          schema="AddAppPasswordBody"
          words="app"
          draft={`app.${user.id}`}
          start={{ service: options[0]?.value }}
          fields={[{ name: 'name' }, { name: 'service', options }]}
          make={(body) => change('post', '/users/{id}/app-passwords', { params: { id: user.id }, body: body as never })}
          said={(done) => t('apps.added', { name: String(done.resource?.name) })}
          submit={t('apps.add.submit')}
          undo={false}
          canPlan={false}
          onDone={(done) => setMade({ name: String(done.resource?.name), password: String(done.resource?.password) })}
        />
      )}
    </Drawer>
  )
}

/** `flush`: as the body of a card of its own; else as a part of something. */
export function AppPasswords({ user, flush }: { user: Person; flush?: boolean }) {
  const query = useList('/users/{id}/app-passwords', { path: { id: user.id } })
  const blocked = useBlocked('post', '/users/{id}/app-passwords')
  const { press, busy } = usePress()
  const [adding, setAdding] = useState(false)
  const add = (
    <Button icon={Plus} small={!flush} disabled={!!blocked} title={blocked} onClick={() => setAdding(true)}>
      {t('apps.add')}
    </Button>
  )
  return (
    <>
      <Loaded query={query} rows={2}>
        {(all) =>
          all.length ? (
            <>
              <ul className={flush ? 'divide-y divide-line' : 'divide-y divide-line rounded-lg border border-line'} aria-label={t('apps.title')}>
                {all.map((one) => (
                  <li key={one.id} className="flex items-center gap-3 px-4 py-2.5 sm:px-5">
                    <div className="min-w-0 flex-1">
                      <p className="font-medium break-words">{one.name}</p>
                      <p className="text-sm text-soft">
                        {tOr(`service.${one.service}`, one.service)} · {t('apps.made', { when: relative(one.created_at) })}
                      </p>
                    </div>
                    <IconButton
                      label={t('apps.remove', { name: one.name })}
                      icon={Trash2}
                      disabled={!!blocked || busy}
                      onClick={() => void press(change('delete', '/users/{id}/app-passwords/{app}', { params: { id: user.id, app: one.id } }), { title: t('apps.removed', { name: one.name }), undo: false })}
                    />
                  </li>
                ))}
              </ul>
              <div className={flush ? 'border-t border-line p-4 sm:px-5' : 'mt-3'}>{add}</div>
            </>
          ) : flush ? (
            <Empty icon={KeySquare} title={t('apps.none')} action={add}>
              {t('apps.text')}
            </Empty>
          ) : (
            <div className="flex flex-col items-start gap-3">
              <p className="text-sm text-soft">{t('apps.none.short')}</p>
              {add}
            </div>
          )
        }
      </Loaded>
      {adding && <NewAppPassword user={user} onClose={() => setAdding(false)} />}
    </>
  )
}
