import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import type { GridSort } from '~/ui/grid/column'

/** One member of the address, such as a tab or a filter; empty means absent. */
export function useUrl<Value extends string = string>(
  name: string,
): [Value | undefined, (value: Value | undefined) => void] {
  const [search, setSearch] = useSearchParams()
  const set = useCallback(
    (value: Value | undefined) =>
      setSearch(
        (now) => {
          if (value === undefined || value === '') now.delete(name)
          else now.set(name, value)
          return now
        },
        { replace: true, preventScrollReset: true },
      ),
    [name, setSearch],
  )
  const value = search.get(name)
  return [value === null ? undefined : (value as Value), set]
}

/** The order of a list as `?sort=name` or `?sort=-name`. */
export function useUrlSort(): [GridSort | undefined, (sort: GridSort | undefined) => void] {
  const [text, setText] = useUrl('sort')
  const sort =
    text === undefined ? undefined : { id: text.replace(/^-/, ''), descending: text.startsWith('-') }
  return [sort, (to) => setText(to === undefined ? undefined : `${to.descending ? '-' : ''}${to.id}`)]
}
