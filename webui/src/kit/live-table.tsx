// What a service knows of itself now, as its agent tells it in tables: joined by their keys, kept current by the feed, and
// shown with the same few words where there is nothing.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { list, type Item } from '@/api/query'
import { useAt } from '@/api/time'
import { cx } from './ui'

export type LiveTable = Item<'/services/{service}/live'>
export type LiveRow = Record<string, string | number | (string | number)[] | null>

/** A table's rows by the names of their columns. */
export const rowsOf = (tables: LiveTable[] | undefined, name: string): LiveRow[] =>
  (tables ?? []).filter(({ table }) => table === name).flatMap(({ columns, rows }) => rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at] ?? null])) as LiveRow))

/** A moment that a table tells, as text or in seconds since 1970; in milliseconds, null where there is none. */
export function momentOf(value: LiveRow[string] | undefined): number | null {
  const at = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)) ? Number(value) * 1000 : Date.parse(String(value ?? ''))
  return Number.isFinite(at) && at > 0 ? at : null
}

/** Undefined while the past is shown, or nothing has been told yet. */
export function useLive(service: string): LiveTable[] | undefined {
  const past = useAt() !== undefined
  const query = useQuery({ ...list('/services/{service}/live', { path: { service } }), enabled: !past, retry: false })
  return past ? undefined : query.data
}

interface Column<T> {
  key: string
  title: string
  cell: (row: T) => ReactNode
  number?: boolean
}

/** A few rows that are only looked at: no search, no choosing. It scrolls within itself where the screen is narrow. */
export function Table<T>({ label, rows, columns, id }: { label: string; rows: T[]; columns: Column<T>[]; id: (row: T) => string }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto">
      <table className="w-full text-left text-sm">
        <thead>
          <tr className="border-b border-line bg-raised text-[0.8125rem] text-soft">
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cx('px-4 py-2.5 font-medium whitespace-nowrap first:sm:pl-5', column.number && 'text-right')}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} className="border-b border-line last:border-0">
              {columns.map((column) => (
                <td key={column.key} className={cx('px-4 py-3 whitespace-nowrap first:sm:pl-5', column.number && 'text-right tabular-nums')}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
