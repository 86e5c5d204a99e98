/** The secret of a one-time link stands in the fragment, which no browser sends to a server or a log. */
export function tokenOf(hash: string): string | undefined {
  const token = hash.replace(/^#(token=)?/, '')
  return token === '' ? undefined : decodeURIComponent(token)
}
