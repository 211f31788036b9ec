// Who may speak on the bus: agents beside services, and subscribers that follow the log.
import { Plus, Radio } from 'lucide-react'
import { useState } from 'react'
import { change, type Done } from '@/api/change'
import { useList } from '@/api/query'
import { relative, t, tOr } from '@/i18n'
import { usePress } from '@/kit/commit'
import { OneTime } from '@/kit/copy'
import { Drawer } from '@/kit/dialog'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Badge, Button, Callout, Card } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

type Kind = 'agents' | 'subscribers'

const fields: Record<Kind, FieldSpec[]> = {
  agents: [{ name: 'name' }, { name: 'services', placeholder: 'dns\nwireguard' }, { name: 'public_key', mono: true, advanced: true }],
  subscribers: [{ name: 'name' }, { name: 'public_key', mono: true, advanced: true }],
}

function Clients({ kind }: { kind: Kind }) {
  const agents = useList('/agents')
  const subscribers = useList('/subscribers')
  const query = kind === 'agents' ? agents : subscribers
  const path = `/${kind}` as const
  const blocked = useBlocked('post', path)
  const { open } = usePlace()
  const go = useGo()
  const { press, busy } = usePress()
  const [made, setMade] = useState<{ name: string; token: string } | null>(null)
  const isOpen = open === `new-${kind}`
  const close = () => {
    setMade(null)
    go({ open: undefined })
  }
  return (
    <Card
      flush
      title={t(`${kind}.title`)}
      action={
        <Button icon={Plus} disabled={!!blocked} title={blocked} onClick={() => go({ open: `new-${kind}` })}>
          {t(`${kind}.add`)}
        </Button>
      }
    >
      <Loaded query={query as typeof agents} rows={2}>
        {(clients) =>
          clients.length ? (
            <ul className="divide-y divide-line">
              {clients.map((one) => (
                <li key={one.id} className="flex items-center gap-4 px-4 py-3 sm:px-5">
                  <div className="min-w-0 flex-1">
                    <p className="font-medium">{one.name}</p>
                    <p className="text-sm text-soft">{one.enrolled_at ? t('agents.enrolled', { when: relative(one.enrolled_at) }) : t('agents.waiting')}</p>
                    <span className="mt-1.5 flex flex-wrap gap-1 empty:hidden">
                      {one.services.map((service) => (
                        <Badge key={service}>{tOr(`service.${service}`, service)}</Badge>
                      ))}
                    </span>
                  </div>
                  <Button
                    small
                    look="danger"
                    busy={busy}
                    disabled={!!blocked}
                    onClick={() => void press(change('delete', kind === 'agents' ? '/agents/{id}' : '/subscribers/{id}', { params: { id: one.id } }), { title: t('agents.removed', { name: one.name }), undo: false })}
                  >
                    {t('agents.remove')}
                  </Button>
                </li>
              ))}
            </ul>
          ) : (
            <Empty icon={Radio} title={t(`${kind}.none`)}>
              {t(`${kind}.none.text`)}
            </Empty>
          )
        }
      </Loaded>
      {(isOpen || made) && (
        <Drawer title={made ? made.name : t(`${kind}.add`)} onClose={close}>
          {made ? (
            <div className="flex flex-col gap-4">
              <Callout tone="warn" title={t('tokens.once')}>
                {t('agents.once')}
              </Callout>
              <OneTime label={t('agents.token')} value={made.token} />
              <div>
                <Button onClick={close}>{t('done')}</Button>
              </div>
            </div>
          ) : (
            <ChangeForm
              schema={kind === 'agents' ? 'AddAgent' : 'AddSubscriber'}
              words="agent"
              draft={`${kind}.new`}
              fields={fields[kind]}
              make={(body) => (kind === 'agents' ? change('post', '/agents', { body: body as never }) : change('post', '/subscribers', { body: body as never }))}
              said={(done: Done) => t('agents.added', { name: String(done.resource?.name) })}
              submit={t(`${kind}.add`)}
              undo={false}
              canPlan={false}
              onDone={(done) => (done.resource?.enrolment_token ? setMade({ name: String(done.resource.name), token: String(done.resource.enrolment_token) }) : close())}
            />
          )}
        </Drawer>
      )}
    </Card>
  )
}

export const Agents = () => (
  <div className="flex flex-col gap-5">
    <Clients kind="agents" />
    <Clients kind="subscribers" />
  </div>
)
