// The firewall's rules in their order, the first that matches decides: moved by drag or keyboard, switched, and counted live.
import { ListOrdered } from 'lucide-react'
import { changeSet } from '@/api/change'
import type { Schemas } from '@/api/client'
import { asProblem } from '@/api/problem'
import { useGet, useList } from '@/api/query'
import { number, t, tn, tOr } from '@/i18n'
import { AddButton, CollectionDrawer, type CollectionSpec } from '@/kit/collection'
import { commitAndTell, tellProblem } from '@/kit/commit'
import type { FieldSpec } from '@/kit/field'
import { rowsOf, useLive } from '@/kit/live-table'
import { Order } from '@/kit/order'
import { Empty, Loaded, useBlocked } from '@/kit/page'
import { Toggle } from '@/kit/toggle'
import { Badge, Card, Mono, cx, type Tone } from '@/kit/ui'
import { useGo } from '@/services/place'
import { inOrder, moved, type Rule } from './order'

const tones: Record<Rule['action'], Tone> = { accept: 'good', drop: 'bad', reject: 'warn' }

/** Packets by the id of the rule that they met; empty where nobody counts. */
export function useHits(): Map<string, number> {
  const rows = rowsOf(useLive('wireguard'), 'rules')
  return new Map(rows.map((row) => [String(row.id), Number(row.packets ?? 0)]))
}

/** What addresses are called: devices, the home network, the VPN. */
function usePlaces(): { value: string; label: string }[] {
  const peers = useList('/peers').data ?? []
  const cell = useGet('/cell').data
  return [
    { value: 'any', label: t('rule.anywhere') },
    ...(cell ? [{ value: cell.vpn_range, label: t('rule.vpn') }] : []),
    ...(cell?.lan_range ? [{ value: cell.lan_range, label: t('rule.home') }] : []),
    ...peers.map(({ address, name }) => ({ value: address, label: name })),
  ]
}

function End({ place, places }: { place: string; places: { value: string; label: string }[] }) {
  const known = places.find(({ value }) => value === place)
  if (place === 'any') return <span className="text-soft">{t('rule.anywhere')}</span>
  return known ? (
    <span>
      {known.label} <span className="text-soft"><Mono>{place}</Mono></span>
    </span>
  ) : (
    <Mono>{place}</Mono>
  )
}

export function Rules() {
  const query = useList('/routing/rules')
  const places = usePlaces()
  const hits = useHits()
  const go = useGo()
  const blocked = useBlocked('patch', '/routing/rules/{id}')
  const nameOf = (rule: Rule) => rule.note || t('rule.name', { action: t(`rule.action.${rule.action}`), from: rule.source, to: rule.destination })
  const fields: FieldSpec[] = [
    { name: 'action' },
    { name: 'source', half: true, suggestions: places },
    { name: 'destination', half: true, suggestions: places },
    { name: 'protocol', half: true },
    { name: 'ports', half: true, placeholder: '80,443,8000-8010', when: ({ protocol }) => protocol === 'tcp' || protocol === 'udp' },
    { name: 'note' },
    { name: 'enabled' },
  ]
  const spec: CollectionSpec<'/routing/rules'> = {
    path: '/routing/rules',
    stream: 'rule-',
    careful: true,
    words: 'rule',
    icon: ListOrdered,
    name: nameOf,
    columns: [],
    make: 'AddRoutingRule',
    patch: 'ChangeRoutingRuleBody',
    remove: 'RemoveRoutingRule',
    start: { enabled: true, source: 'any', destination: 'any' },
    fields,
    // Hidden ports are none: a rule for every protocol that kept them would be refused.
    body: (body, { protocol }) => (protocol === 'tcp' || protocol === 'udp' ? body : { ...body, ports: null }),
  }
  const move = async (rule: Rule, to: number) => {
    const command: Schemas['Command'] = { type: 'ChangeRoutingRule', data: moved(rule.id, to) }
    try {
      await commitAndTell(changeSet([command]), { title: t('rule.moved', { name: nameOf(rule), place: to + 1 }) })
    } catch (error) {
      tellProblem(asProblem(error))
      throw error
    }
  }
  return (
    <Loaded query={query}>
      {(items) => {
        const rules = inOrder(items)
        return (
          <>
            <Card flush title={t('rule.title')} action={rules.length > 0 && <AddButton spec={spec} />}>
              {rules.length ? (
                <>
                  <p className="border-b border-line bg-raised px-4 py-2.5 text-[0.8125rem] text-soft sm:px-5">{t('rule.first_decides')}</p>
                  <Order label={t('rule.title')} items={rules} id={({ id }) => id} name={nameOf} disabled={!!blocked} onMove={move}>
                    {(rule, at) => (
                      <div className={cx('flex flex-wrap items-center gap-x-3 gap-y-1 py-3 pr-4 sm:grid sm:grid-cols-[1.5rem_5rem_minmax(0,1fr)_7rem_auto]', !rule.enabled && 'text-soft')}>
                        <span className="text-sm text-soft tabular-nums">{at + 1}</span>
                        <span>
                          <Badge tone={rule.enabled ? tones[rule.action] : 'idle'}>{t(`rule.action.${rule.action}`)}</Badge>
                        </span>
                        <div className="min-w-0 max-sm:order-last max-sm:basis-full">
                          <button type="button" data-open className="max-w-full text-left font-medium break-words hover:underline" onClick={() => go({ open: rule.id })}>
                            {nameOf(rule)}
                          </button>
                          <p className="mt-0.5 flex flex-wrap items-center gap-x-1.5 text-sm">
                            <End place={rule.source} places={places} />
                            <span aria-hidden className="text-soft">→</span>
                            <span className="sr-only">{t('rule.to')}</span>
                            <End place={rule.destination} places={places} />
                            {(rule.protocol !== 'any' || rule.ports) && (
                              <span className="text-soft">
                                · {tOr(`rule.protocol.${rule.protocol}`, rule.protocol)} {rule.ports}
                              </span>
                            )}
                          </p>
                        </div>
                        <span className="text-right text-xs text-soft tabular-nums max-sm:ml-auto" data-hits={hits.get(rule.id)}>
                          {hits.has(rule.id) && tn('rule.hits', hits.get(rule.id)!, { count: number(hits.get(rule.id)!) })}
                        </span>
                        <Toggle path="/routing/rules" words="rule" name={nameOf(rule)} item={rule} />
                      </div>
                    )}
                  </Order>
                </>
              ) : (
                <Empty icon={ListOrdered} title={t('rule.none')} action={<AddButton spec={spec} />}>
                  {t('rule.none.text')}
                </Empty>
              )}
            </Card>
            <CollectionDrawer spec={spec} items={items} />
          </>
        )
      }}
    </Loaded>
  )
}
