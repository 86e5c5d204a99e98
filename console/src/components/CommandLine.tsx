import { Copy } from '~/ui/Copy'

/** The same act on the command line. */
export function CommandLine({ command }: { command: string }) {
  return (
    <details>
      <summary className="soft">The same on the command line</summary>
      <Copy label="command" value={command} />
    </details>
  )
}
