// The list of a page: found by typing, sorted by a heading, chosen for bulk changes, and only the rows that can be seen
// are there (a thousand devices scroll like ten). A table to a screen reader, cards on a phone.
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { t, tn } from '@/i18n'
import { SearchField } from './search-field'
import { Button, cx } from './ui'

export interface Column<T> {
  key: string
  title: string
  cell: (item: T) => ReactNode
  /** A grid track, such as 2fr or 8rem. */
  width?: string
  sort?: (item: T) => string | number
  /** Left out on a phone. */
  wide?: boolean
  /** At the end of the card on a phone. */
  end?: boolean
}

interface Props<T> {
  label: string
  items: T[]
  columns: Column<T>[]
  id: (item: T) => string
  name: (item: T) => string
  text?: (item: T) => string
  onOpen?: (item: T) => void
  /** What is done to the chosen ones. */
  bulk?: (chosen: T[], clear: () => void) => ReactNode
  filters?: ReactNode
  empty?: ReactNode
}

const row_height = 56
const beyond = 12

export const compare = (a: string | number, b: string | number) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true })

/** The items that hold every word, in the wanted order. */
export function arrange<T>(items: T[], words: string, text: (item: T) => string, sort?: (item: T) => string | number, down = false): T[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = wanted.length ? items.filter((item) => wanted.every((word) => text(item).toLowerCase().includes(word))) : items
  if (!sort) return found
  const sorted = [...found].sort((a, b) => compare(sort(a), sort(b)))
  return down ? sorted.reverse() : sorted
}

export function List<T>({ label, items, columns, id, name, text = name, onOpen, bulk, filters, empty }: Props<T>) {
  const [words, setWords] = useState('')
  const [order, setOrder] = useState<{ key: string; down: boolean } | null>(null)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const body = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const measure = () => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY)
    measure()
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [items.length === 0])

  const rows = useMemo(() => {
    const column = columns.find(({ key }) => key === order?.key)
    return arrange(items, words, text, column?.sort, order?.down)
    // The columns' functions are made anew at each render and mean the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items, words, order])

  // What is gone cannot be chosen.
  useEffect(() => {
    const there = new Set(items.map(id))
    setChosen((before) => ([...before].every((one) => there.has(one)) ? before : new Set([...before].filter((one) => there.has(one)))))
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [items])

  const virtual = useWindowVirtualizer({ count: rows.length, estimateSize: () => row_height, overscan: beyond, scrollMargin: top, getItemKey: (at) => id(rows[at]!) })
  if (!items.length) return <>{empty}</>

  const choose = (one: string) =>
    setChosen((before) => {
      const now = new Set(before)
      if (!now.delete(one)) now.add(one)
      return now
    })
  const picked = rows.filter((item) => chosen.has(id(item)))
  const all = rows.length > 0 && picked.length === rows.length
  const tracks = [bulk && '2.5rem', ...columns.map((column) => `minmax(0, ${column.width ?? '1fr'})`)].filter(Boolean).join(' ')

  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-index]')
    if (!step || !row) return
    event.preventDefault()
    const to = Number(row.dataset.index) + step
    if (to < 0 || to >= rows.length) return
    virtual.scrollToIndex(to)
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${to}"] [data-open]`)?.focus())
  }

  return (
    <div>
      <div className="flex min-h-14 flex-wrap items-center gap-2 border-b border-line px-3 py-2 sm:px-4">
        <SearchField label={t('list.search', { what: label })} value={words} onChange={setWords} className="min-w-40 flex-1 sm:max-w-xs" />
        {filters}
        <span className="ml-auto text-sm text-soft tabular-nums" aria-live="polite">
          {rows.length === items.length ? tn('list.count', items.length) : t('list.found', { found: rows.length, count: items.length })}
        </span>
      </div>
      {bulk && picked.length > 0 && (
        <div role="toolbar" aria-label={t('list.bulk')} className="sticky top-14 z-10 flex flex-wrap items-center gap-2 border-b border-line bg-accent-soft px-4 py-2">
          <span className="text-sm font-medium text-accent-text">{tn('list.chosen', picked.length)}</span>
          {bulk(picked, () => setChosen(new Set()))}
          <Button small look="quiet" onClick={() => setChosen(new Set())}>
            {t('list.none')}
          </Button>
        </div>
      )}
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1}>
        <div role="rowgroup" className="hidden border-b border-line bg-raised sm:block">
          <div role="row" aria-rowindex={1} className="grid min-h-10 items-center gap-3 px-4 text-[0.8125rem] text-soft" style={{ gridTemplateColumns: tracks }}>
            {bulk && (
              <span role="columnheader" className="flex items-center">
                <input type="checkbox" className="size-4 accent-[var(--accent)]" aria-label={t('list.all')} checked={all} onChange={() => setChosen(all ? new Set() : new Set(rows.map(id)))} />
              </span>
            )}
            {columns.map((column) => {
              const sorted = order?.key === column.key
              const Arrow = order?.down ? ArrowDown : ArrowUp
              return (
                <span key={column.key} role="columnheader" aria-sort={sorted ? (order.down ? 'descending' : 'ascending') : undefined}>
                  {column.sort ? (
                    <button type="button" className="inline-flex items-center gap-1 font-medium hover:text-ink" onClick={() => setOrder(sorted && order.down ? null : { key: column.key, down: sorted })}>
                      {column.title}
                      {sorted && <Arrow aria-hidden className="size-3.5" />}
                    </button>
                  ) : (
                    <span className="font-medium">{column.title}</span>
                  )}
                </span>
              )
            })}
          </div>
        </div>
        <div role="rowgroup" ref={body} onKeyDown={move} className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((at) => {
            const item = rows[at.index]!
            const [first, ...others] = columns
            const key = id(item)
            return (
              <div
                key={at.key}
                role="row"
                aria-rowindex={at.index + 2}
                data-index={at.index}
                ref={virtual.measureElement}
                onClick={(event) => onOpen && !(event.target as HTMLElement).closest('button, a, input, label, [role="switch"], [role="menu"]') && onOpen(item)}
                className={cx('absolute inset-x-0 top-0 border-b border-line', onOpen && 'cursor-pointer hover:bg-raised', chosen.has(key) && 'bg-accent-soft')}
                style={{ transform: `translateY(${at.start - virtual.options.scrollMargin}px)` }}
              >
                <div
                  role="presentation"
                  className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 sm:grid sm:grid-cols-[var(--tracks)] sm:py-2"
                  style={{ '--tracks': tracks } as never}
                >
                  {bulk && (
                    <span role="cell" className="flex w-6 items-center sm:w-auto">
                      <input type="checkbox" className="size-4 accent-[var(--accent)]" aria-label={t('list.choose', { name: name(item) })} checked={chosen.has(key)} onChange={() => choose(key)} />
                    </span>
                  )}
                  <span role="cell" className="min-w-0 grow basis-3/5 font-medium sm:basis-auto">
                    {onOpen ? (
                      <button type="button" data-open className="max-w-full text-left align-middle break-words hover:underline" onClick={() => onOpen(item)}>
                        {first!.cell(item)}
                      </button>
                    ) : (
                      first!.cell(item)
                    )}
                  </span>
                  {others.map((column) => (
                    <span key={column.key} role="cell" className={cx('min-w-0 text-sm', column.wide && 'hidden sm:block', column.end && 'max-sm:ml-auto')}>
                      {column.cell(item)}
                    </span>
                  ))}
                </div>
              </div>
            )
          })}
        </div>
      </div>
      {!rows.length && <p className="p-8 text-center text-sm text-soft">{t('list.nothing')}</p>}
    </div>
  )
}
