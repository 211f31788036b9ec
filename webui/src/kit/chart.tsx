// A chart over time, by uPlot, in the theme's colours; beside it, for those who do not see it, the same as a table.
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { day, number } from '@/i18n'

export interface Series {
  label: string
  values: number[]
}
interface Props {
  label: string
  /** Seconds since 1970. */
  times: number[]
  series: Series[]
  kind?: 'line' | 'bars'
  height?: number
  format?: (value: number) => string
}

export default function Chart({ label, times, series, kind = 'line', height = 160, format = number }: Props) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const box = host.current!
    const draw = () => {
      const style = getComputedStyle(document.documentElement)
      const colour = (name: string) => style.getPropertyValue(name).trim()
      const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
      const strokes = ['--accent', '--info', '--warn']
      return new UPlot(
        {
          width: box.clientWidth,
          height,
          legend: { show: false },
          cursor: { show: false },
          scales: { y: { range: (_, __, max) => [0, Math.max(max, 1)] } },
          axes: [axis, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000], values: (_, ticks) => ticks.map(format) }],
          series: [
            {},
            ...series.map((one, at) => ({
              label: one.label,
              stroke: colour(strokes[at % strokes.length]!),
              fill: kind === 'bars' ? colour(strokes[at % strokes.length]!) : colour('--accent-soft'),
              width: kind === 'bars' ? 0 : 2,
              points: { show: false },
              ...(kind === 'bars' && { paths: UPlot.paths.bars!({ size: [0.62, 36], radius: 0.2 }) }),
            })),
          ],
        },
        [times, ...series.map(({ values }) => values)],
        box,
      )
    }
    let plot = draw()
    const again = () => {
      plot.destroy()
      plot = draw()
    }
    const size = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }))
    size.observe(box)
    const theme = new MutationObserver(again)
    theme.observe(document.documentElement, { attributeFilter: ['class'] })
    return () => {
      size.disconnect()
      theme.disconnect()
      plot.destroy()
    }
  }, [times, series, kind, height, format])
  return (
    <figure>
      <div ref={host} aria-hidden />
      <table className="sr-only">
        <caption>{label}</caption>
        <tbody>
          {times.map((time, at) => (
            <tr key={time}>
              <th scope="row">{day(time * 1000)}</th>
              {series.map((one) => (
                <td key={one.label}>{format(one.values[at] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}
