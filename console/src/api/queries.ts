// One function per question to the server, shared by the loaders that prefetch and the pages that show.
import { infiniteQueryOptions } from '@tanstack/react-query'
import { api, client } from './client'
import type { paths } from './schema'
import type { RunStatus } from './types'

export const signInOptionsQuery = () =>
  api.queryOptions('get', '/api/v1/sign_in_options', {}, { staleTime: 0 })
export const meQuery = () => api.queryOptions('get', '/api/v1/me')
export const systemQuery = () => api.queryOptions('get', '/api/v1/system')
export const singleSignOnQuery = () => api.queryOptions('get', '/api/v1/single_sign_on')
export const auditVerificationQuery = () => api.queryOptions('get', '/api/v1/audit_entries/verification')
export const memberQuery = (memberId: string) =>
  api.queryOptions('get', '/api/v1/members/{member_id}', { params: { path: { member_id: memberId } } })

const ofOrg = (orgId: string) => ({ params: { path: { org_id: orgId } } })

export const orgQuery = (orgId: string) => api.queryOptions('get', '/api/v1/orgs/{org_id}', ofOrg(orgId))
export const integrationUserQuery = (orgId: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/integration_user', ofOrg(orgId), { staleTime: 60_000 })
export const coverageQuery = (orgId: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/coverage', ofOrg(orgId), { staleTime: 300_000 })
export const autoBackupQuery = (orgId: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/auto_backup', ofOrg(orgId))
export const volumeQuery = (orgId: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/volume', ofOrg(orgId))
export const apiUseQuery = (orgId: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/api_use', ofOrg(orgId))
export const objectQuery = (orgId: string, object: string) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/objects/{object}', {
    params: { path: { org_id: orgId, object } },
  })
export const runQuery = (runId: string) =>
  api.queryOptions('get', '/api/v1/runs/{run_id}', { params: { path: { run_id: runId } } })
export const recordQuery = (orgId: string, recordId: string, query: { object?: string; field?: string }) =>
  api.queryOptions('get', '/api/v1/orgs/{org_id}/records/{record_id}', {
    params: { path: { org_id: orgId, record_id: recordId }, query },
  })

/** How often a run that is under way is asked after, whether or not its events come through. */
export const whileRunning = (run: { status: RunStatus } | undefined) =>
  run?.status === 'running' ? 3_000 : false

/** A list of runs is asked for often while one of them is under way, and now and then for the next one. */
export const whileAnyRuns = ({ state }: { state: { data?: { pages: RunPage[] } | undefined } }) =>
  (state.data?.pages.some(({ items }) => items.some(({ status }) => status === 'running')) ?? false)
    ? 3_000
    : 30_000
type RunPage = { items: { status: RunStatus }[] }

type ListPath = {
  [Path in keyof paths]: paths[Path] extends {
    get: { responses: { 200: { content: { 'application/json': { items: unknown[]; next_page?: string } } } } }
  }
    ? Path
    : never
}[keyof paths]
type Get<Path extends ListPath> = paths[Path] extends { get: infer Operation } ? Operation : never
type PathOf<Path extends ListPath> = Get<Path> extends { parameters: { path: infer P } } ? P : undefined
type QueryOf<Path extends ListPath> =
  Get<Path> extends { parameters: { query?: infer Q } } ? Omit<NonNullable<Q>, 'page'> : never
type PageOf<Path extends ListPath> =
  Get<Path> extends { responses: { 200: { content: { 'application/json': infer Page } } } } ? Page : never
export type ItemOf<Path extends ListPath> = PageOf<Path> extends { items: (infer Item)[] } ? Item : never

/** A list of the server, read page by page as somebody scrolls. */
export function listQuery<Path extends ListPath>(path: Path, at: PathOf<Path>, query: QueryOf<Path>) {
  return infiniteQueryOptions({
    queryKey: ['list', path, at, query] as const,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      // The client cannot see that any path in `ListPath` takes these parameters.
      const get = client.GET as unknown as (path: string, init: object) => Promise<{ data: PageOf<Path> }>
      const { data } = await get(path, { params: { path: at, query: { ...query, page: pageParam } }, signal })
      return data
    },
    getNextPageParam: (page) => (page as { next_page?: string }).next_page,
  })
}
