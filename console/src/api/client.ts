import type { Middleware } from 'openapi-fetch'
import createFetchClient from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'
import { isProblem, problemOf, unreachable } from './problem'
import { setAway } from './reach'
import type { paths } from './schema'

const guard: Middleware = {
  // Shows the server that the call comes from a script of its own origin.
  onRequest: ({ request }) => {
    request.headers.set('X-Holdfast-Request', '1')
    return request
  },
  onResponse: async ({ response, schemaPath }) => {
    // A proxy answers in the place of a service that is away, and of one that takes too long over an answer, but not with a
    // problem document. Which of the two it is, shows a question that is answered at once.
    const isOfProxy = response.status >= 502 && !isProblem(response)
    if (isOfProxy && schemaPath !== '/api/v1/me') void lookForService()
    else setAway(isOfProxy)
    if (!response.ok) throw await problemOf(response)
  },
  onError: ({ error }) => {
    if (error instanceof DOMException && error.name === 'AbortError') return
    setAway(true)
    return unreachable()
  },
}

// The fetch of the moment, so that tests can put another in its place.
export const client = createFetchClient<paths>({
  baseUrl: location.origin,
  fetch: (request) => fetch(request),
})
client.use(guard)

let isLooking = false

async function lookForService() {
  if (isLooking) return
  isLooking = true
  // What came back, or did not, is noted above.
  await client.GET('/api/v1/me').catch(() => undefined)
  isLooking = false
}

export const api = createQueryClient(client)
