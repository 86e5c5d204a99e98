// How a reader arranged a grid: kept on this device, under the grid's name.
import type { ColumnPinningState, ColumnSizingState, VisibilityState } from '@tanstack/react-table'
import { useState } from 'react'
import type { GridColumn } from './column'

export type Arrangement = {
  visibility: VisibilityState
  pinning: ColumnPinningState
  sizing: ColumnSizingState
}

export function useArrangement<Row>(name: string, columns: readonly GridColumn<Row>[]) {
  const [arrangement, set] = useState<Arrangement>(() => ({ ...asBuilt(columns), ...read(name) }))
  const change = (part: Partial<Arrangement> | ((now: Arrangement) => Partial<Arrangement>)) =>
    set((now) => {
      const next = { ...now, ...(typeof part === 'function' ? part(now) : part) }
      localStorage.setItem(key(name), JSON.stringify(next))
      return next
    })
  const reset = () => {
    localStorage.removeItem(key(name))
    set(asBuilt(columns))
  }
  return { arrangement, change, reset }
}

function asBuilt<Row>(columns: readonly GridColumn<Row>[]): Arrangement {
  const hidden = columns
    .filter((column) => column.isHiddenAtFirst)
    .map((column) => [column.id, false] as const)
  const right = columns.filter((column) => column.isPinnedAtFirst).map(({ id }) => id)
  return { visibility: Object.fromEntries(hidden), pinning: { left: [], right }, sizing: {} }
}

const key = (name: string) => `holdfast-grid-${name}`

function read(name: string): Partial<Arrangement> {
  try {
    return JSON.parse(localStorage.getItem(key(name)) ?? '{}') as Partial<Arrangement>
  } catch {
    return {}
  }
}
