// What the service sends a browser back with after a sign-in elsewhere. An address can be written by anybody, so that only
// what is known here is believed: the code picks words of ours, and a message is never shown.

export type Refusals = Record<string, string>

/** Words for a code of the address, and the code itself, cut short to what a code can be. */
export function refusalOf(refusals: Refusals, code: string, otherwise: string) {
  const words = Object.hasOwn(refusals, code) ? refusals[code] : undefined
  return { words: words ?? otherwise, code: code.replace(/[^\w.-]/g, '').slice(0, 40) }
}
