// Everything by its name: pages, what one can do, devices, records. The keys of a combobox (WAI-ARIA), on a plain list.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CornerDownLeft, Globe, MonitorSmartphone, Moon, Plus, Sun, type LucideIcon } from 'lucide-react'
import { useMemo, useState, type KeyboardEvent } from 'react'
import { allows, scopeOf } from '@/api/change'
import { list } from '@/api/query'
import { useMay, useSession } from '@/api/session'
import { useAt } from '@/api/time'
import { t } from '@/i18n'
import { Dialog } from '@/kit/dialog'
import { arrange } from '@/kit/list'
import { cx } from '@/kit/ui'
import { isOpenTo, pages } from '@/services/registry'
import { setTheme } from './theme'

interface Found {
  key: string
  title: string
  kind: string
  icon: LucideIcon
  run: () => void
}

const most = 40

export default function Palette({ onClose }: { onClose: () => void }) {
  const [words, setWords] = useState('')
  const [picked, setPicked] = useState(0)
  const navigate = useNavigate()
  const session = useSession()
  const at = useAt()
  const peers = useQuery({ ...list('/peers'), enabled: useMay('get', '/peers') }).data
  const records = useQuery({ ...list('/dns/records'), enabled: useMay('get', '/dns/records') }).data

  const all = useMemo<Found[]>(() => {
    const go = (to: string, search: object = {}) => () => void navigate({ to, search: { ...(at && { at }), ...search } as never })
    const open = pages.filter((page) => isOpenTo(page, session))
    return [
      ...open.map((page) => ({ key: page.path, title: t(page.title), kind: t('palette.page'), icon: page.icon, run: go(page.path) })),
      ...open.flatMap((page) =>
        (page.actions ?? [])
          .filter(({ needs: [method, path] }) => session && allows(session.scopes, scopeOf(method, path)))
          .map((action) => ({ key: page.path + action.title, title: t(action.title), kind: t('palette.action'), icon: Plus, run: go(page.path, action.search) })),
      ),
      { key: 'light', title: t('theme.light'), kind: t('palette.action'), icon: Sun, run: () => setTheme('light') },
      { key: 'dark', title: t('theme.dark'), kind: t('palette.action'), icon: Moon, run: () => setTheme('dark') },
      ...(peers ?? []).map((peer) => ({ key: peer.id, title: `${peer.name} · ${peer.address}`, kind: t('palette.peer'), icon: MonitorSmartphone, run: go('/peers', { open: peer.id }) })),
      ...(records ?? []).map((record) => ({ key: record.id, title: `${record.name} ${record.type} ${record.value}`, kind: t('palette.record'), icon: Globe, run: go('/network', { tab: 'records', open: record.id }) })),
    ]
  }, [at, navigate, peers, records, session])

  const found = useMemo(() => arrange(all, words, (one) => `${one.title} ${one.kind}`).slice(0, most), [all, words])
  const current = Math.min(picked, found.length - 1)
  const run = (one: Found | undefined) => {
    if (!one) return
    onClose()
    one.run()
  }
  const key = (event: KeyboardEvent) => {
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: found.length - 1 }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      const wrapped = (to + found.length) % Math.max(found.length, 1)
      setPicked(wrapped)
      document.getElementById(`palette-${wrapped}`)?.scrollIntoView({ block: 'nearest' })
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(found[current])
    }
  }
  return (
    <Dialog title={t('palette')} onClose={onClose}>
      <input
        data-first
        role="combobox"
        aria-label={t('palette')}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length ? `palette-${current}` : undefined}
        placeholder={t('palette.hint')}
        value={words}
        onChange={(event) => {
          setWords(event.target.value)
          setPicked(0)
        }}
        onKeyDown={key}
        className="min-h-11 w-full rounded-lg border border-line-strong bg-surface px-3"
      />
      <ul id="palette-list" role="listbox" aria-label={t('palette')} className="mt-3 flex h-80 flex-col gap-0.5 overflow-y-auto">
        {found.map((one, index) => (
          <li
            key={one.key}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === current}
            onMouseMove={() => setPicked(index)}
            onClick={() => run(one)}
            className={cx('flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 text-sm', index === current && 'bg-accent-soft text-accent-text')}
          >
            <one.icon aria-hidden className="size-4 shrink-0" />
            <span className="min-w-0 flex-1 truncate">{one.title}</span>
            <span className={cx('text-xs', index === current ? '' : 'text-soft')}>{one.kind}</span>
            {index === current && <CornerDownLeft aria-hidden className="size-3.5" />}
          </li>
        ))}
      </ul>
      {!found.length && <p className="text-sm text-soft">{t('list.nothing')}</p>}
    </Dialog>
  )
}
