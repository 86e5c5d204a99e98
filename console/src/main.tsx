import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createBrowserRouter, RouterProvider } from 'react-router'
import { paths } from './paths'
import { createQueries } from './queries'
import { routes } from './routes'
import './ui/tokens.css'
import './ui/base.css'
import { startTheme } from './ui/theme'

startTheme()

const queries = createQueries(
  () => void router.navigate(paths.signIn(`${location.pathname}${location.search}`)),
)
const router = createBrowserRouter(routes(queries))

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
)
