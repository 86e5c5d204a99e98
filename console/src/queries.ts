import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiProblem } from './api/problem'

/** The cache of answers. What the server refuses is not asked again; a session that ended leads to signing in. */
export function createQueries(onSignedOut: () => void): QueryClient {
  const queries = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        const isSignedOut = error instanceof ApiProblem && error.status === 401
        // Whoever was never signed in is sent on by the loader of the frame.
        if (isSignedOut && query.state.data !== undefined) {
          queries.clear()
          onSignedOut()
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 502),
        retryDelay: (attempt) => 400 * 2 ** attempt,
      },
    },
  })
  return queries
}
