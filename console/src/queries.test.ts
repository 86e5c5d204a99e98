import { setAway } from './api/reach'
import { createQueries } from './queries'

it('asks again for what is shown, once a service that was away answers', () => {
  const queries = createQueries(() => undefined)
  queries.setQueryData(['shown'], 1)
  const isInvalidated = () => queries.getQueryState(['shown'])?.isInvalidated

  setAway(true)
  expect(isInvalidated()).toBe(false)

  setAway(false)
  expect(isInvalidated()).toBe(true)
})
