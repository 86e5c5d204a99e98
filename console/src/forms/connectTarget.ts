import type { Org } from '~/api/types'
import { cliName } from './cliName'

/** Whether a new org is connected, or a known one again. */
export type ConnectTarget = { kind: 'new' } | { kind: 'again'; org: Org }

/** The name under which what was typed is kept; all ways of connecting share it. */
export const keptAs = (target: ConnectTarget) => `connect-${target.kind === 'again' ? target.org.id : 'new'}`

export function cliOf(target: ConnectTarget, name: string): string {
  const known = target.kind === 'again' ? target.org.name : name.trim()
  return `holdfast org add ${known === '' ? 'NAME' : cliName(known)}`
}
