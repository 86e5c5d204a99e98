/** What the server says, with the names that it puts in backticks set as names. */
export function Said({ children }: { children: string }) {
  const parts = children.split('`')
  // An odd backtick is only a backtick.
  if (parts.length % 2 === 0) return children
  return parts.map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))
}
