// Who may speak on the bus: agents beside services, each shown with how its services are, and subscribers that follow the log.
// One is let in by a one-time token that it brings with its key, or by approving a key that is known already.
import { Plus, Radio } from 'lucide-react'
import { useState } from 'react'
import { change, type Done } from '@/api/change'
import { useList, type Item } from '@/api/query'
import { useAt } from '@/api/time'
import { relative, t, tOr } from '@/i18n'
import { usePress } from '@/kit/commit'
import { CopyButton, OneTime } from '@/kit/copy'
import { Drawer } from '@/kit/dialog'
import type { FieldSpec } from '@/kit/field'
import { ChangeForm } from '@/kit/form'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { toneOf, wordOf } from '@/kit/service-state'
import { Badge, Button, Callout, Card } from '@/kit/ui'
import { useGo, usePlace } from '@/services/place'

type Kind = 'agents' | 'subscribers'

const fields: Record<Kind, FieldSpec[]> = {
  agents: [{ name: 'name' }, { name: 'services', placeholder: 'dns\nwireguard' }, { name: 'public_key', mono: true, advanced: true }],
  subscribers: [{ name: 'name' }, { name: 'scopes', mono: true, placeholder: 'peers:read' }, { name: 'public_key', mono: true, advanced: true }],
}

type Agent = Item<'/agents'>

/** The services that it sits beside, each as it is now. */
function Beside({ agent }: { agent: Agent }) {
  const services = useList('/services').data
  const past = useAt() !== undefined
  return (
    <>
      {agent.services.map((name) => {
        const service = past || !agent.enrolled_at ? undefined : services?.find((one) => one.name === name)
        return (
          <Badge key={name} tone={service ? toneOf(service) : 'idle'} mark={!!service}>
            {tOr(`service.${name}`, name)}
            {service && toneOf(service) !== 'good' && `: ${tOr(`state.${wordOf(service)}`, wordOf(service))}`}
          </Badge>
        )
      })}
    </>
  )
}

interface Made {
  name: string
  token: string
  services: string[]
}

/** How a new one uses its token. */
function Brings({ kind, made }: { kind: Kind; made: Made }) {
  if (kind === 'subscribers') return <p className="text-sm text-soft">{t('subscribers.brings')}</p>
  const line = `PIC_ENROLMENT_TOKEN=${made.token} pic-agent --controller ${location.origin} --services ${made.services.join(',')}`
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex items-center justify-between gap-2">
        <p className="text-sm text-soft">{t('agents.brings')}</p>
        <CopyButton text={line} what={t('copy.what', { what: t('agents.command') })} />
      </div>
      <pre tabIndex={0} aria-label={t('agents.command')} className="overflow-x-auto rounded-lg border border-line bg-raised p-3 font-mono text-xs break-all whitespace-pre-wrap">
        {line}
      </pre>
    </div>
  )
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
  const [made, setMade] = useState<Made | null>(null)
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
                      {kind === 'agents' && <Beside agent={one} />}
                      {one.scopes.map((scope) => (
                        <Badge key={scope}>{scope}</Badge>
                      ))}
                      {kind === 'subscribers' && !one.scopes.length && <Badge>{t('subscribers.everything')}</Badge>}
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
              <Brings kind={kind} made={made} />
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
              onDone={(done) => (done.resource?.enrolment_token ? setMade({ name: String(done.resource.name), token: String(done.resource.enrolment_token), services: (done.resource.services as string[] | undefined) ?? [] }) : close())}
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
