import type { Me, Org, Right, TeamPermission } from './types'

const needs: Record<Right, string> = {
  view: 'View',
  browse: 'Browse',
  execute: 'Execute',
  edit: 'Edit',
  delete: 'Delete',
  restore: 'Restore',
  download: 'Download',
}

export const allRights = Object.keys(needs) as Right[]

export const rightNames = needs

export const rightMeanings: Record<Right, string> = {
  view: 'See the org, its objects, runs and errors',
  browse: 'Read captured records, and query them; implies View',
  execute: 'Switch auto backup on, pause and resume it; back up, check and compact now',
  edit: 'Rename the org, set its API budget, connect it again',
  delete: 'Remove the org from Holdfast',
  restore: 'Write records back to Salesforce',
  download: 'Take records away as CSV',
}

/** Why this org does not let the reader do that; undefined if it does. The server decides again. */
export function noRight(org: Org | undefined, right: Right): string | undefined {
  if (org === undefined || org.rights.includes(right)) return undefined
  return `You need the right “${needs[right]}” on ${org.name}. An owner of the team can give it to you.`
}

const permissionReasons: Record<TeamPermission, string> = {
  'team:manage': 'Only owners of the team manage its members.',
  'org:connect': 'Only owners of the team connect orgs.',
  'audit:read': 'Only owners of the team read the audit log.',
  'settings:manage': 'Only owners of the team change settings.',
}

export function noPermission(me: Me | undefined, permission: TeamPermission): string | undefined {
  if (me === undefined || me.permissions.includes(permission)) return undefined
  return permissionReasons[permission]
}
