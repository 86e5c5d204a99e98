import { lazy, Suspense } from 'react'
import type { ChartProps } from './ChartCanvas'
import { Skeleton } from './Message'

const ChartCanvas = lazy(async () => ({ default: (await import('./ChartCanvas')).ChartCanvas }))

/** Bars over days. The library comes only when a chart is shown; the same numbers follow as a table for the ear. */
export function Chart(props: ChartProps) {
  return (
    <figure aria-label={props.label}>
      <div aria-hidden="true">
        <Suspense fallback={<Skeleton lines={5} label={`Loading ${props.label}`} />}>
          <ChartCanvas {...props} />
        </Suspense>
      </div>
      <div className="visually-hidden">
        <table>
          <caption>{props.label}</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {props.series.map((series) => (
                <th scope="col" key={series.name}>
                  {series.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.days.map((day, at) => (
              <tr key={day}>
                <th scope="row">{day}</th>
                {props.series.map((series) => (
                  <td key={series.name}>{series.values[at]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}
