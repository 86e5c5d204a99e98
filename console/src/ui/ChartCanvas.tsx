import { useCallback, useSyncExternalStore } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import styles from './Chart.module.css'
import { shortCount } from './format'
import { isDark, onThemeChange } from './theme'

export type ChartSeries = { name: string; values: number[]; colour: 'good' | 'busy' | 'bad' | 'accent' }
export type ChartProps = { label: string; days: string[]; series: ChartSeries[]; height?: number }

/** Stacked bars, one per day (UTC). */
export function ChartCanvas({ days, series, height = 180 }: ChartProps) {
  // Colours are read from the page, so a change of theme draws anew.
  const dark = useSyncExternalStore(onThemeChange, isDark)
  const draw = useCallback(
    (element: HTMLDivElement | null) => {
      if (element === null) return
      const plot = new uPlot(options(element, series, height), data(days, series), element)
      const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }))
      resize.observe(element)
      return () => {
        resize.disconnect()
        plot.destroy()
      }
    },
    [days, series, height],
  )
  return (
    <>
      <div ref={draw} key={dark ? 'dark' : 'light'} />
      <div className={styles.legend}>
        {series.map(({ name, colour }) => (
          <span key={name} className={styles.key}>
            <span className={styles.swatch} data-colour={colour} />
            {name}
          </span>
        ))}
      </div>
    </>
  )
}

// Each series is drawn from the top of the ones before it, the highest first.
function data(days: string[], series: ChartSeries[]): uPlot.AlignedData {
  const sums = days.map(() => 0)
  const stacked = series.map(({ values }) => values.map((value, at) => (sums[at] = (sums[at] ?? 0) + value)))
  return [days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000), ...stacked.reverse()]
}

function options(element: HTMLElement, series: ChartSeries[], height: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim()
  const axis: uPlot.Axis = {
    stroke: colour('ink-soft'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.getPropertyValue('--font')}`,
  }
  const bars = uPlot.paths.bars?.({ size: [0.7, 28], align: 0 })
  return {
    width: element.clientWidth,
    height,
    padding: [8, 8, 0, 0],
    tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1000), 'Etc/UTC'),
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { range: (_plot, from, until) => [from - halfDay, until + halfDay] },
      y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.1)] },
    },
    axes: [
      { ...axis, values: (_plot, stamps) => stamps.map(dayLabel), space: 64, size: 26 },
      { ...axis, values: (_plot, values) => values.map((value) => shortCount(value)), size: 46 },
    ],
    series: [
      {},
      ...[...series].reverse().map((one) => ({
        label: one.name,
        fill: colour(one.colour === 'accent' ? 'accent' : `light-${one.colour}`),
        stroke: 'transparent',
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
    ],
  }
}

const halfDay = 43_200

const label = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayLabel = (stamp: number) => label.format(new Date(stamp * 1000))
