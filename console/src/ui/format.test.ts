import { ago, between, bytes, counted, span } from './format'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 KB'],
  [912_000_000_000, '912 GB'],
])('%d bytes read %s', (value, words) => expect(bytes(value)).toBe(words))

it.each([
  [0, '0 s'],
  [59.6, '1 min'],
  [7_500, '2 h 5 min'],
  [86_400, '1 d'],
  [-5, '0 s'],
])('%d seconds read %s', (seconds, words) => expect(span(seconds)).toBe(words))

it('tells times relative to now, both ways', () => {
  const now = Date.parse('2026-05-01T12:00:00Z')
  expect(ago('2026-05-01T11:59:55Z', now)).toBe('just now')
  expect(ago('2026-05-01T09:00:00Z', now)).toBe('3 hours ago')
  expect(ago('2026-05-01T12:05:00Z', now)).toBe('in 5 minutes')
})

it('counts one and many', () => {
  expect(counted(1, 'entry', 'entries')).toBe('1 entry')
  expect(counted(2, 'entry', 'entries')).toBe('2 entries')
})

it('tells short spans in milliseconds', () => {
  expect(between('2026-05-01T12:00:00.000Z', '2026-05-01T12:00:00.250Z')).toBe('250 ms')
})
