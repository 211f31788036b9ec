// A chart over time, by uPlot, in the theme's colours. Fetched when one is shown. What it says in a sentence stands beside it
// in words, for those who do not see it.
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock } from '@/i18n'

export interface Series {
  label: string
  values: (number | null)[]
}
interface Props {
  /** Seconds since 1970. */
  times: number[]
  series: Series[]
  summary: string
  height?: number
  format: (value: number) => string
}

const strokes = ['--accent', '--info', '--warn']

export default function Chart({ times, series, summary, height = 160, format }: Props) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const box = host.current!
    const draw = () => {
      const style = getComputedStyle(document.documentElement)
      const colour = (name: string) => style.getPropertyValue(name).trim()
      const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' }
      return new UPlot(
        {
          width: box.clientWidth,
          height,
          legend: { show: false },
          cursor: { show: false },
          scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
          axes: [
            { ...axis, values: (_, ticks) => ticks.map((tick) => clock(tick * 1000)) },
            { ...axis, size: 70, values: (_, ticks) => ticks.map(format) },
          ],
          series: [
            {},
            ...series.map((one, at) => ({ label: one.label, stroke: colour(strokes[at % strokes.length]!), width: 1.5, points: { show: false }, ...(at === 0 && { fill: colour('--accent-soft') }) })),
          ],
        },
        [times, ...series.map(({ values }) => values)] as UPlot.AlignedData,
        box,
      )
    }
    let plot = draw()
    const size = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }))
    size.observe(box)
    const theme = new MutationObserver(() => {
      plot.destroy()
      plot = draw()
    })
    theme.observe(document.documentElement, { attributeFilter: ['class'] })
    return () => {
      size.disconnect()
      theme.disconnect()
      plot.destroy()
    }
  }, [times, series, height, format])
  return (
    <figure>
      <div ref={host} role="img" aria-label={summary} style={{ height }} />
      <figcaption className="mt-1 flex flex-wrap gap-x-4 text-xs text-soft" aria-hidden>
        {series.map((one, at) => (
          <span key={one.label} className="inline-flex items-center gap-1.5">
            <span className="h-0.5 w-4 rounded" style={{ background: `var(${strokes[at % strokes.length]})` }} /> {one.label}
          </span>
        ))}
      </figcaption>
    </figure>
  )
}
