// Numbers, sizes, spans and times as words, in the reader's zone and language.

const whole = new Intl.NumberFormat()
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' })

export const count = (value: number) => whole.format(value)
export const shortCount = (value: number) => short.format(value)

/** `1 object`, `2 objects`. */
export function counted(value: number, noun: string, plural = `${noun}s`) {
  return `${count(value)} ${value === 1 ? noun : plural}`
}

export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  let at = 0
  let left = value
  while (left >= 1000 && at < units.length - 1) {
    left /= 1000
    at += 1
  }
  return `${left >= 100 || at === 0 ? Math.round(left) : left.toFixed(1)} ${units[at]}`
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/** The reader's time zone, such as `Europe/Berlin`. */
export const timeZone = exact.resolvedOptions().timeZone

/** In the reader's zone, which is named, and as it is stored. */
export const exactly = (iso: string) => `${exact.format(new Date(iso))} (${iso})`
export const timeOf = (iso: string) => moment.format(new Date(iso))
export const minuteOf = (iso: string) => minute.format(new Date(iso))
export const dayOf = (iso: string) => day.format(new Date(iso))

/** From one minute to another; a date that both share stands once. */
export const minutesOf = (from: string, until: string) => minute.formatRange(new Date(from), new Date(until))

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

export function ago(iso: string, now: number): string {
  const seconds = (new Date(iso).getTime() - now) / 1000
  for (const [unit, length] of steps) {
    if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit)
  }
  return Math.abs(seconds) < 10 ? 'just now' : relative.format(Math.round(seconds), 'second')
}

/** A span such as `2 h 5 min`, its two largest units. */
export function span(seconds: number): string {
  const total = Math.max(0, Math.round(seconds))
  if (total < 60) return `${total} s`
  const parts: [number, string][] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor((total % 86_400) / 3_600), 'h'],
    [Math.floor((total % 3_600) / 60), 'min'],
    [total % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

export function between(from: string, until: string): string {
  const ms = new Date(until).getTime() - new Date(from).getTime()
  return ms < 1000 ? `${Math.max(0, ms)} ms` : span(ms / 1000)
}
