import { screen, waitFor } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { orgs } from '../../mock/data'
import { at } from '../../mock/handlers'
import { renderAt } from '../../mock/renderAt'
import { server } from '../../mock/test-setup'
import { readAway, setAway } from '../api/reach'

const page = `/orgs/${orgs[0]?.id}/sql?sql=SELECT+1`
const cutShort = () => new HttpResponse('<h1>504 Gateway Time-out</h1>', { status: 504 })

afterEach(() => setAway(false))

it('runs a query that a proxy cut short no second time by itself', async () => {
  let runs = 0
  server.use(
    http.post(at('/orgs/:org/queries'), () => {
      runs += 1
      return cutShort()
    }),
  )
  const { user } = renderAt(page)
  expect(await screen.findByText(/The server answered 504/)).toBeVisible()
  expect(readAway()).toBe(false)

  setAway(true)
  setAway(false)
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  expect(await screen.findByText(/The server answered 504/)).toBeVisible()
  expect(runs).toBe(2)
})

it('sees by another question that the service itself is away', async () => {
  server.use(http.post(at('/orgs/:org/queries'), cutShort))
  renderAt(page)
  expect(await screen.findByText(/The server answered 504/)).toBeVisible()

  server.use(http.get(at('/me'), cutShort))
  screen.getByRole('button', { name: 'Try again' }).click()

  await waitFor(() => expect(readAway()).toBe(true))
})
