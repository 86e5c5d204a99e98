// Shows the whole console at an address, as a browser would.
import { QueryClientProvider } from '@tanstack/react-query'
import { render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { createQueries } from '../src/queries'
import { routes } from '../src/routes'

export function renderAt(address: string) {
  const queries = createQueries(() => void router.navigate('/sign-in'))
  const router = createMemoryRouter(routes(queries), { initialEntries: [address] })
  const { unmount } = render(
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  )
  return {
    user: userEvent.setup(),
    router,
    unmount,
    place: () => `${router.state.location.pathname}${router.state.location.search}`,
  }
}
