// Who works in the small world, and how they get in.
import type { Invitation, Member, MemberRights, Session, SingleSignOn, Token } from '../src/api/types'
import { before, hour, day, allRights, orgs } from './world'

const person = (id: string, name: string, role: Member['role'], part: Partial<Member> = {}): Member => ({
  id,
  name,
  email: `${name.split(' ')[0]?.toLowerCase()}@acme.example`,
  role,
  kind: 'person',
  is_disabled: false,
  has_password: true,
  has_totp: false,
  is_linked_to_single_sign_on: false,
  created_at: before(100 * day),
  last_seen_at: before(4000),
  orgs: [],
  ...part,
})

export const members: Member[] = [
  person('mem_ada', 'Ada Winter', 'owner', {
    has_totp: true,
    orgs: [{ org_id: orgs[0]?.id ?? '', rights: allRights, is_owner: true }],
  }),
  person('mem_bo', 'Bo Lind', 'owner', { is_linked_to_single_sign_on: true }),
  person('mem_cy', 'Cy Roth', 'member', {
    orgs: [{ org_id: orgs[0]?.id ?? '', rights: ['view', 'browse'], is_owner: false }],
  }),
  person('mem_inbox', 'Backup inbox', 'member', { kind: 'service', has_password: false }),
  person('mem_dee', 'Dee Pohl', 'member', { is_disabled: true }),
]

export const rights: MemberRights[] = members.map(({ id, name, email, role, orgs: on }) => {
  const given = on[0]?.is_owner ? [] : (on[0]?.rights ?? [])
  return {
    member_id: id,
    name,
    email,
    role,
    granted: given,
    rights: on[0]?.rights ?? (role === 'owner' ? ['view', 'delete'] : []),
    is_owner: on[0]?.is_owner ?? false,
  }
})

export const invitations: Invitation[] = [
  {
    id: 'inv_1',
    email: 'eli@acme.example',
    name: 'Eli Brandt',
    role: 'member',
    kind: 'person',
    invited_by: 'Ada Winter',
    created_at: before(day),
    expires_at: before(-6 * day),
  },
]

export const sessions: Session[] = [
  {
    id: 'ses_1',
    is_current: true,
    signed_in_at: before(hour),
    last_seen_at: before(2),
    expires_at: before(-day),
    ip: '192.0.2.4',
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    way: 'password',
  },
  {
    id: 'ses_2',
    is_current: false,
    signed_in_at: before(3 * day),
    last_seen_at: before(9 * hour),
    expires_at: before(-4 * day),
    ip: '192.0.2.77',
    user_agent: 'Mozilla/5.0 (iPhone) Safari/605.1',
    way: 'single_sign_on',
  },
]

export const tokens: Token[] = [
  {
    id: 'tok_1',
    name: 'nightly-report',
    scopes: ['view', 'browse', 'download'],
    created_at: before(20 * day),
    expires_at: before(-70 * day),
    last_used_at: before(7 * hour),
    beginning: 'hf_7Yq2',
  },
]

export const singleSignOn: SingleSignOn = {
  is_enabled: true,
  issuer: 'https://login.acme.example',
  client_id: 'holdfast',
  has_client_secret: true,
  label: 'Sign in with Acme',
  admitted_domains: ['acme.example'],
  requires_single_sign_on: false,
  callback_url: 'https://backup.acme.example/api/v1/single_sign_on/callback',
}
