import type { QueryClient } from '@tanstack/react-query'
import type { LoaderFunctionArgs, RouteObject } from 'react-router'
import { redirect } from 'react-router'
import { ApiProblem, pageMissing } from './api/problem'
import { meQuery } from './api/queries'
import { AppFrame } from './components/AppFrame'
import { CrashedPage, CrashPage, MissingPage } from './components/CrashPage'
import { OrgFrame } from './components/OrgFrame'
import { paths, patterns } from './paths'

type PageModule = {
  default: React.ComponentType
  prefetch?: (queries: QueryClient, at: LoaderFunctionArgs) => Promise<unknown> | undefined
}

export function routes(queries: QueryClient): RouteObject[] {
  // Asks for a page's data while its code arrives with it; the page shows skeletons meanwhile.
  const page = (path: string, load: () => Promise<PageModule>): RouteObject => ({
    path,
    ErrorBoundary: CrashedPage,
    lazy: async () => {
      const { default: Component, prefetch } = await load().catch((): never => {
        throw pageMissing()
      })
      return {
        Component,
        loader: (at: LoaderFunctionArgs) => {
          // The page asks for the same, and shows what went wrong.
          prefetch?.(queries, at)?.catch(() => undefined)
          return null
        },
      }
    },
    shouldRevalidate: ({ currentUrl, nextUrl }) => currentUrl.pathname !== nextUrl.pathname,
  })

  return [
    {
      ErrorBoundary: CrashPage,
      HydrateFallback: () => null,
      children: [
        page(patterns.firstStart, () => import('./pages/FirstStartPage')),
        page(patterns.signIn, () => import('./pages/SignInPage')),
        page(patterns.invitation, () => import('./pages/InvitationPage')),
        {
          Component: AppFrame,
          loader: ({ request }) => requireSignIn(queries, new URL(request.url)),
          shouldRevalidate: () => false,
          children: [
            { path: '/', loader: () => redirect(paths.orgs()) },
            page(patterns.orgs, () => import('./pages/OrgsPage')),
            page(patterns.connect, () => import('./pages/ConnectPage')),
            {
              path: patterns.org,
              Component: OrgFrame,
              ErrorBoundary: CrashedPage,
              children: [
                page('', () => import('./pages/OverviewPage')),
                page(patterns.objects, () => import('./pages/ObjectsPage')),
                page(patterns.object, () => import('./pages/ObjectPage')),
                page(patterns.errors, () => import('./pages/ErrorsPage')),
                page(patterns.runs, () => import('./pages/RunsPage')),
                page(patterns.run, () => import('./pages/RunPage')),
                page(patterns.runChanges, () => import('./pages/RunChangesPage')),
                page(patterns.records, () => import('./pages/RecordsPage')),
                page(patterns.record, () => import('./pages/RecordPage')),
                page(patterns.sql, () => import('./pages/SqlPage')),
                page(patterns.coverage, () => import('./pages/CoveragePage')),
                page(patterns.orgSettings, () => import('./pages/OrgSettingsPage')),
              ],
            },
            page(patterns.team, () => import('./pages/TeamPage')),
            page(patterns.member, () => import('./pages/MemberPage')),
            page(patterns.singleSignOn, () => import('./pages/SingleSignOnPage')),
            page(patterns.audit, () => import('./pages/AuditPage')),
            page(patterns.account, () => import('./pages/AccountPage')),
            { path: '*', Component: MissingPage },
          ],
        },
      ],
    },
  ]
}

async function requireSignIn(queries: QueryClient, url: URL) {
  try {
    return await queries.query({ ...meQuery(), staleTime: 'static' })
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) {
      // The router's way of sending somebody elsewhere.
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw redirect(paths.signIn(`${url.pathname}${url.search}`))
    }
    throw error
  }
}
