import { Rates } from './rates'

it('tells a rate once two looks differ', () => {
  const rates = new Rates()
  expect(rates.note('Account', 1000, 0)).toBeUndefined()
  expect(rates.note('Account', 1000, 5_000)).toBeUndefined()
  expect(rates.note('Account', 500, 10_000)).toBe(50)
})

it('forgets what is older than its window', () => {
  const rates = new Rates(60_000)
  rates.note('Account', 10_000, 0)
  rates.note('Account', 1_000, 50_000)
  expect(rates.note('Account', 900, 100_000)).toBe(2)
})

it('begins anew when a count grows', () => {
  const rates = new Rates()
  rates.note('Account', 100, 0)
  expect(rates.note('Account', 5_000, 1_000)).toBeUndefined()
  expect(rates.note('Account', 4_000, 2_000)).toBe(1000)
})
