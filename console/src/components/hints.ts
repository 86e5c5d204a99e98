// What the service says, told apart: what anybody can act on, and what only whoever runs the service can.
import { paths } from '~/paths'

export type Told = { words: string; forOperator: string }

const spoken = /`(holdfast|cargo)\b|--[a-z]|command line|same command/

/** Clauses that name a command are for whoever runs the service. */
export function told(text: string): Told {
  const clauses = text.split(/;\s+/)
  const of = (isCommand: boolean) => clauses.filter((clause) => spoken.test(clause) === isCommand).join('; ')
  return { words: of(false), forOperator: of(true) }
}

type Step = { name: string; to: (orgId: string) => string }

/** The console's own way to do what the hint of a code says; it stands in place of the command. */
const steps: Record<string, Step> = {
  needs_reauthorisation: { name: 'Connect the org again', to: (org) => paths.connect({ org_id: org }) },
  permission_missing: { name: 'See what it may not see', to: paths.coverage },
  object_not_capturable: { name: 'See what it may not see', to: paths.coverage },
  api_budget_reached: {
    name: 'Change the API budget',
    to: (org) => paths.orgSettings(org, { tab: 'budget' }),
  },
  lake_damaged: { name: 'Check what was captured', to: (org) => paths.orgSettings(org, { tab: 'upkeep' }) },
  interrupted: { name: 'Back up now', to: paths.org },
  org_busy: { name: 'Back up now', to: paths.org },
}

/** Here the command would only say what the page shows already. */
const selfEvident = new Set(['bad_input', 'not_found', 'query_refused'])

export type NextStepOf = Told & { step?: { name: string; to: string } }

export function nextStep(hint: string, code: string | undefined, orgId: string | undefined): NextStepOf {
  const { words, forOperator } = told(hint)
  const step = orgId === undefined ? undefined : steps[code ?? '']
  if (step !== undefined && orgId !== undefined)
    return { words, forOperator: '', step: { name: step.name, to: step.to(orgId) } }
  return { words, forOperator: selfEvident.has(code ?? '') ? '' : forOperator }
}

/** The same as one sentence, where no link can stand. */
export function plainly(hint: string, code: string): string {
  const { words, forOperator } = nextStep(hint, code, undefined)
  const marked = forOperator === '' ? '' : `Whoever runs the service: ${forOperator}`
  return [words, marked].filter((part) => part !== '').join('. ')
}
