// Counts over time as bars, and for those who do not see them the same as a table. Drawn here rather than by a charting
// library: bars need none of it, and the first load stays small.
import { memo } from 'react'
import { day, dayOfMonth, number } from '@/i18n'

interface Props {
  label: string
  /** Seconds since 1970, one a bar. */
  times: number[]
  values: number[]
  /** Every how many bars a date stands below. */
  every?: number
}

const height = 120

/** The next round number, so that the axis says 20 and not 17. */
export function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)))
  return [1, 2, 5, 10].map((step) => step * size).find((step) => step >= value)!
}

export const Bars = memo(function Bars({ label, times, values, every = 3 }: Props) {
  const top = roundUp(Math.max(...values, 4))
  return (
    <figure>
      <div aria-hidden className="flex gap-3">
        <div className="flex flex-col justify-between pb-6 text-right text-xs text-soft tabular-nums">
          <span>{number(top)}</span>
          <span>{number(top / 2)}</span>
          <span>0</span>
        </div>
        <div className="min-w-0 flex-1">
          <div className="relative flex items-end gap-1 border-b border-line sm:gap-1.5" style={{ height }}>
            <div className="absolute inset-x-0 top-0 border-t border-dashed border-line" />
            <div className="absolute inset-x-0 top-1/2 border-t border-dashed border-line" />
            {values.map((value, at) => (
              <div
                key={times[at]}
                title={`${day(times[at]! * 1000)}: ${number(value)}`}
                className="relative flex-1 rounded-t-sm bg-accent hover:brightness-110"
                style={{ height: value ? `max(3px, ${(100 * value) / top}%)` : 0 }}
              />
            ))}
          </div>
          <div className="flex gap-1 pt-1.5 text-xs whitespace-nowrap text-soft sm:gap-1.5">
            {times.map((time, at) => (
              <span key={time} className="flex w-0 flex-1 justify-center">
                {(times.length - 1 - at) % every === 0 && dayOfMonth(time * 1000)}
              </span>
            ))}
          </div>
        </div>
      </div>
      <table className="sr-only">
        <caption>{label}</caption>
        <tbody>
          {times.map((time, at) => (
            <tr key={time}>
              <th scope="row">{day(time * 1000)}</th>
              <td>{number(values[at]!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
})
