import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { Grid } from './Grid'
import type { GridColumn, GridSort } from './column'

type City = { name: string; people: number }

const columns: GridColumn<City>[] = [
  { id: 'name', title: 'City', width: 200, isSortable: true, cell: ({ name }) => name },
  { id: 'people', title: 'People', width: 120, align: 'right', cell: ({ people }) => people },
]
const cities = Array.from({ length: 50_000 }, (_, at) => ({ name: `City ${at}`, people: at }))

function Cities({ rows = cities, onEnd }: { rows?: City[]; onEnd?: () => void }) {
  const [sort, setSort] = useState<GridSort>()
  return (
    <>
      <output>{sort === undefined ? 'unsorted' : `${sort.id} ${sort.descending ? 'down' : 'up'}`}</output>
      <Grid
        name="cities"
        label="Cities"
        columns={columns}
        rows={rows}
        rowId={({ name }) => name}
        sort={sort}
        onSort={setSort}
        onEnd={onEnd}
        empty={<p>No city</p>}
      />
    </>
  )
}

const titles = () =>
  screen.queryAllByRole('columnheader').map((header) => header.textContent.replace(/Column .*/, ''))

async function choose(column: string, item: string) {
  await userEvent.click(screen.getByRole('button', { name: `Column ${column}` }))
  await userEvent.click(
    screen.getByRole(/^(Pin|No)/.test(item) ? 'menuitemradio' : 'menuitem', { name: item }),
  )
}

it('draws only the rows in view of a very long list', () => {
  render(<Cities />)

  const rows = screen.getAllByRole('row')
  expect(rows.length).toBeGreaterThan(10)
  expect(rows.length).toBeLessThan(80)
})

it('shows its empty state when there are no rows', () => {
  render(<Cities rows={[]} />)

  expect(screen.getByText('No city')).toBeVisible()
})

it('asks for more rows only when the last ones come into view', () => {
  const onEnd = vi.fn()
  const { rerender } = render(<Cities onEnd={onEnd} />)
  expect(onEnd).not.toHaveBeenCalled()

  rerender(<Cities rows={cities.slice(0, 30)} onEnd={onEnd} />)

  expect(onEnd).toHaveBeenCalled()
})

it('sorts by a click on the title: up, down, and not at all', async () => {
  render(<Cities />)
  const title = screen.getByRole('button', { name: 'City' })

  await userEvent.click(title)
  expect(screen.getByRole('status')).toHaveTextContent('name up')
  expect(screen.getByRole('columnheader', { name: /City/ })).toHaveAttribute('aria-sort', 'ascending')

  await userEvent.click(title)
  expect(screen.getByRole('status')).toHaveTextContent('name down')

  await userEvent.click(title)
  expect(screen.getByRole('status')).toHaveTextContent('unsorted')
})

it('sorts from the menu, and says why where it cannot', async () => {
  render(<Cities />)

  await choose('City', 'Sort descending')
  expect(screen.getByRole('status')).toHaveTextContent('name down')

  await userEvent.click(screen.getByRole('button', { name: 'Column People' }))
  expect(screen.getByRole('menuitem', { name: 'Sort ascending' })).toHaveAttribute('aria-disabled', 'true')
})

it('pins a column to an edge and lets it go again', async () => {
  render(<Cities />)

  await choose('People', 'Pin left')
  expect(titles()).toEqual(['People', 'City'])

  await choose('People', 'No pin')
  expect(titles()).toEqual(['City', 'People'])
})

it('sizes one column, or all, by what they show', async () => {
  render(<Cities />)
  const width = (name: RegExp) => screen.getByRole('columnheader', { name }).style.width

  await choose('City', 'Autosize this column')
  expect(width(/City/)).toBe('256px')
  expect(width(/People/)).toBe('120px')

  await choose('City', 'Autosize all columns')
  expect(width(/People/)).toBe('256px')
})

it('can hide all columns and bring them back', async () => {
  render(<Cities />)
  await choose('City', 'Choose columns')
  for (const name of ['City', 'People']) await userEvent.click(screen.getByRole('checkbox', { name }))
  await userEvent.click(screen.getByRole('button', { name: 'Done' }))
  expect(titles()).toEqual([])
  expect(screen.getByText('No column is shown')).toBeVisible()

  await userEvent.click(screen.getByRole('button', { name: 'Columns' }))
  await userEvent.click(screen.getByRole('checkbox', { name: 'People' }))

  expect(titles()).toEqual(['People'])
})

it('keeps its arrangement on the device, until it is reset', async () => {
  const first = render(<Cities />)
  await choose('People', 'Pin left')
  first.unmount()

  render(<Cities />)
  expect(titles()).toEqual(['People', 'City'])

  await choose('City', 'Reset columns')
  expect(titles()).toEqual(['City', 'People'])
})

it('moves in a menu by key, and Escape leads back to its button', async () => {
  render(<Cities />)
  const button = screen.getByRole('button', { name: 'Column City' })
  button.focus()

  await userEvent.keyboard('{Enter}')
  const menu = screen.getByRole('menu')
  expect(within(menu).getByRole('menuitem', { name: 'Sort ascending' })).toHaveFocus()
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(within(menu).getByRole('menuitemradio', { name: 'Pin left' })).toHaveFocus()
  await userEvent.keyboard('{Escape}')

  expect(screen.queryByRole('menu')).not.toBeInTheDocument()
  expect(button).toHaveFocus()
})
