// Who reaches what, as a picture: devices that reach the same stand together on the left, what there is to reach on the
// right. Each group says the same in words, for those who do not see the lines.
import { Globe, HousePlug, LayoutGrid, MonitorSmartphone, Network, type LucideIcon } from 'lucide-react'
import { useState } from 'react'
import { useGet, useList } from '@/api/query'
import { t, tn } from '@/i18n'
import { Empty, Loaded } from '@/kit/page'
import { Card, cx } from '@/kit/ui'
import { inOrder } from './order'
import { groups, targets, type Group, type Reach, type Target } from './reach'

const icons: Record<Target, LucideIcon> = { services: LayoutGrid, internet: Globe, devices: MonitorSmartphone, behind: Network, home: HousePlug }
const row = 76
const names_shown = 3

const line = (from: number, to: number) => `M0 ${from} C45 ${from} 55 ${to} 100 ${to}`

function names({ devices }: Group): string {
  const first = devices.slice(0, names_shown).map(({ name }) => name)
  return devices.length > names_shown ? t('reach.and_more', { names: first.join(', '), count: devices.length - names_shown }) : first.join(', ')
}

function inWords({ reaches }: Group, shown: Target[]): string {
  const of = (wanted: Reach) => shown.filter((target) => reaches[target] === wanted).map((target) => t(`reach.${target}`))
  const say = (key: 'reach.says.all' | 'reach.says.some' | 'reach.says.none', list: string[]) => (list.length ? t(key, { what: list.join(', ') }) : '')
  return [say('reach.says.all', of('all')), say('reach.says.some', of('some')), say('reach.says.none', of('none'))].filter(Boolean).join(' ')
}

function Drawing({ found, shown }: { found: Group[]; shown: Target[] }) {
  const [over, setOver] = useState<string | null>(null)
  const rows = Math.max(found.length, shown.length)
  const height = rows * row
  const y = (at: number, of: number) => (height / of) * (at + 0.5)
  return (
    <div className="grid grid-cols-[minmax(0,5fr)_minmax(2rem,4fr)_minmax(0,4fr)] items-stretch" style={{ height }}>
      <ul aria-label={t('reach.who')} className="flex flex-col justify-around">
        {found.map((group) => (
          <li key={group.key} className="flex items-center" style={{ height: height / found.length }}>
            <button
              type="button"
              data-group={group.key}
              onMouseEnter={() => setOver(group.key)}
              onMouseLeave={() => setOver(null)}
              onFocus={() => setOver(group.key)}
              onBlur={() => setOver(null)}
              className={cx('w-full min-w-0 rounded-xl border bg-surface px-3 py-2 text-left transition-colors', over === group.key ? 'border-accent' : 'border-line')}
            >
              <span className="block truncate text-sm font-medium">{names(group)}</span>
              <span className="block text-xs text-soft">{tn('reach.devices_count', group.devices.length)}</span>
              <span className="sr-only">{inWords(group, shown)}</span>
            </button>
          </li>
        ))}
      </ul>
      <svg aria-hidden viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" className="size-full">
        {found.flatMap((group, at) =>
          shown.map((target, index) => {
            const how = group.reaches[target]
            if (how === 'none') return null
            const dim = over !== null && over !== group.key
            return (
              <path
                key={`${group.key} ${target}`}
                d={line(y(at, found.length), y(index, shown.length))}
                fill="none"
                vectorEffect="non-scaling-stroke"
                stroke={over === group.key ? 'var(--accent)' : 'var(--line-strong)'}
                strokeWidth={over === group.key ? 2.5 : 1.75}
                strokeDasharray={how === 'some' ? '5 5' : undefined}
                opacity={dim ? 0.18 : 1}
              />
            )
          }),
        )}
      </svg>
      <ul aria-label={t('reach.what')} className="flex flex-col justify-around">
        {shown.map((target) => {
          const Icon = icons[target]
          const reached = found.some((group) => (over === null || group.key === over) && group.reaches[target] !== 'none')
          return (
            <li key={target} className="flex items-center" style={{ height: height / shown.length }}>
              <span className={cx('flex w-full min-w-0 items-center gap-2.5 rounded-xl border px-3 py-2.5 text-sm font-medium transition-colors', reached ? 'border-line bg-accent-soft text-accent-text' : 'border-dashed border-line bg-surface text-soft')}>
                <Icon aria-hidden className="size-4 shrink-0 max-sm:hidden" />
                <span className="min-w-0 leading-tight">{t(`reach.${target}`)}</span>
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

export function Picture() {
  const devices = useList('/peers')
  const rules = useList('/routing/rules')
  const cell = useGet('/cell').data
  return (
    <Card title={t('reach.title')}>
      <Loaded query={devices}>
        {(all) => (
          <Loaded query={rules}>
            {(list) => {
              if (!cell) return null
              if (!all.some(({ enabled }) => enabled)) return <Empty icon={MonitorSmartphone} title={t('peers.none')}>{t('reach.none')}</Empty>
              const shown = targets.filter((target) => (target === 'behind' ? all.some(({ lans }) => lans.length) : target === 'home' ? cell.lan_range : true))
              const found = groups({ devices: all, rules: inOrder(list), vpn: cell.vpn_range, home: cell.lan_range }, shown)
              return (
                <div className="flex flex-col gap-5">
                  <p className="max-w-3xl text-sm text-soft">{t('reach.text')}</p>
                  <Drawing found={found} shown={shown} />
                  <p className="flex flex-wrap gap-x-6 gap-y-1 text-xs text-soft" aria-hidden>
                    {(['all', 'some'] as const).map((how) => (
                      <span key={how} className="inline-flex items-center gap-2">
                        <svg width="28" height="4">
                          <line x1="0" y1="2" x2="28" y2="2" stroke="var(--line-strong)" strokeWidth="2" strokeDasharray={how === 'some' ? '5 4' : undefined} />
                        </svg>
                        {t(`reach.line.${how}`)}
                      </span>
                    ))}
                  </p>
                </div>
              )
            }}
          </Loaded>
        )}
      </Loaded>
    </Card>
  )
}
