import type { components } from './schema'

type Problem = components['schemas']['Problem']

/** What the server said when it refused or failed, or that it could not be reached. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string
  readonly requestId: string | undefined
  readonly field: string | undefined
  readonly retryAfterS: number | undefined

  constructor(problem: Omit<Problem, 'type' | 'request_id'> & { request_id?: string }) {
    super(problem.detail ?? problem.title)
    this.name = 'ApiProblem'
    this.status = problem.status
    this.code = problem.code
    this.hint = problem.hint
    this.requestId = problem.request_id
    this.field = problem.field
    this.retryAfterS = problem.retry_after_s
  }
}

export const isProblem = (response: Response) =>
  response.headers.get('content-type')?.includes('json') ?? false

export async function problemOf(response: Response): Promise<ApiProblem> {
  if (isProblem(response)) return new ApiProblem((await response.json()) as Problem)
  return new ApiProblem({
    title: `The server answered ${response.status} without saying why`,
    status: response.status,
    code: 'no_answer',
    hint: 'Try again; if it stays so, look at the log of the service.',
  })
}

export function unreachable(): ApiProblem {
  return new ApiProblem({
    title: 'The server cannot be reached',
    status: 0,
    code: 'unreachable',
    hint: 'Look whether the service runs and whether you are connected to its network.',
  })
}

/** A page's code did not arrive: the service is away, or was upgraded and has other files now. */
export function pageMissing(): ApiProblem {
  return new ApiProblem({
    title: 'This page could not be loaded',
    status: 0,
    code: 'page_missing',
    hint: 'The service is away, or was just upgraded. Try again once it runs.',
  })
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  return new ApiProblem({
    title: error instanceof Error ? error.message : 'Something went wrong in the console',
    status: 0,
    code: 'console_error',
    hint: 'Reload the page.',
  })
}
