import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './api/problem'
import { onReachChange } from './api/reach'

/** The cache of answers. What the server refuses is not asked again; a session that ended leads to signing in. */
export function createQueries(onSignedOut: () => void): QueryClient {
  const queries = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        // Whoever was never signed in is sent on by the loader of the frame.
        const isFirstLook = query.queryKey[1] === '/api/v1/me' && query.state.data === undefined
        if (error instanceof ApiProblem && error.status === 401 && !isFirstLook) {
          queries.clear()
          onSignedOut()
        }
      },
    }),
    defaultOptions: {
      // The service may be near while the internet is not.
      mutations: { networkMode: 'always' },
      queries: {
        networkMode: 'always',
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502),
        retryDelay: (attempt) => 400 * 2 ** attempt,
      },
    },
  })
  // An SQL query may run for minutes, and one that failed is not static: only a person runs it again.
  onReachChange((isAway) => {
    if (!isAway) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'sql' })
  })
  return queries
}
