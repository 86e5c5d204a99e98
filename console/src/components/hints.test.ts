import { nextStep, plainly, told } from './hints'

it('tells commands apart from what anybody can do', () => {
  expect(told('check what was given; `holdfast help` says what a command takes')).toEqual({
    words: 'check what was given',
    forOperator: '`holdfast help` says what a command takes',
  })
  expect(told('free some space; what was captured before is safe')).toEqual({
    words: 'free some space; what was captured before is safe',
    forOperator: '',
  })
  expect(told('it was deleted; if it is gone, back up once with `--accept-missing`').forOperator).toBe(
    'if it is gone, back up once with `--accept-missing`',
  )
})

it('has a page of the console in place of the command', () => {
  const hint = 'start again later; or raise the share with `holdfast org set --api-budget`'

  expect(nextStep(hint, 'api_budget_reached', '00D1')).toEqual({
    words: 'start again later',
    forOperator: '',
    step: { name: 'Change the API budget', to: '/orgs/00D1/settings?tab=budget' },
  })
  expect(nextStep(hint, 'api_budget_reached', undefined).forOperator).toMatch(/^or raise/)
})

it('marks a command where no link can stand', () => {
  expect(plainly('ask for a new link; `holdfast serve` prints one', 'link_expired')).toBe(
    'ask for a new link. Whoever runs the service: `holdfast serve` prints one',
  )
})
