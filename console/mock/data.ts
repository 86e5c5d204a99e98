// A small world for looking at pages and for component tests: generated, always the same.
import type {
  AutoBackup,
  Block,
  Coverage,
  FoundRecord,
  Invitation,
  LiveEvent,
  Me,
  Member,
  MemberRights,
  ObjectStatus,
  Org,
  OrgError,
  RecordHistory,
  Run,
  RunObject,
  Session,
  SingleSignOn,
  Token,
} from '../src/api/types'
import type { components } from '../src/api/schema'

type Schemas = components['schemas']

export const now = Date.now()
export const before = (seconds: number) => new Date(now - seconds * 1000).toISOString()
const hour = 3600
const day = 86_400
const allRights: Schemas['Right'][] = ['view', 'browse', 'execute', 'edit', 'delete', 'restore', 'download']

export const me: Me = {
  id: 'mem_ada',
  name: 'Ada Winter',
  email: 'ada@acme.example',
  role: 'owner',
  kind: 'person',
  has_password: true,
  has_totp: false,
  recovery_codes_left: 0,
  is_linked_to_single_sign_on: false,
  permissions: ['team:manage', 'org:connect', 'audit:read', 'settings:manage'],
  orgs: [],
  session: {
    id: 'ses_1',
    signed_in_at: before(hour),
    idle_expires_at: before(-hour),
    expires_at: before(-day),
  },
}

export const orgs: Org[] = [
  {
    id: '00D5g00000AbCdEEAV',
    name: 'acme-production',
    instance_url: 'https://acme.my.salesforce.com',
    organization_type: 'Enterprise Edition',
    is_sandbox: false,
    auto_backup: 'running',
    phase: 'capturing_changes',
    last_captured_at: before(90),
    light: 'green',
    api_budget_percent: 80,
    files_budget_percent: 40,
    connection: 'works',
    integration_user: 'backup@acme.example',
    connected_at: before(40 * day),
    owner_id: 'mem_ada',
    owner_name: 'Ada Winter',
    rights: allRights,
  },
  {
    id: '00D5g00000FiRsTEAV',
    name: 'acme-first-backup',
    instance_url: 'https://acme--full.sandbox.my.salesforce.com',
    organization_type: 'Unlimited Edition',
    is_sandbox: true,
    auto_backup: 'running',
    phase: 'first_backup',
    last_captured_at: before(140),
    light: 'green',
    api_budget_percent: 60,
    files_budget_percent: 40,
    connection: 'works',
    integration_user: 'backup@acme.example.full',
    connected_at: before(hour),
    owner_id: 'mem_ada',
    owner_name: 'Ada Winter',
    rights: allRights,
  },
  {
    id: '00D5g00000NewOrEAV',
    name: 'acme-new',
    instance_url: 'https://acme-dev-ed.my.salesforce.com',
    organization_type: 'Developer Edition',
    is_sandbox: false,
    auto_backup: 'off',
    phase: 'off',
    light: 'green',
    api_budget_percent: 80,
    files_budget_percent: 40,
    connection: 'works',
    integration_user: 'backup@acme.example.dev',
    connected_at: before(60),
    owner_id: 'mem_ada',
    owner_name: 'Ada Winter',
    rights: allRights,
  },
  {
    id: '00D5g00000BrOkEEAV',
    name: 'acme-emea',
    instance_url: 'https://acme-emea.my.salesforce.com',
    organization_type: 'Enterprise Edition',
    is_sandbox: false,
    auto_backup: 'running',
    phase: 'capturing_changes',
    last_captured_at: before(190),
    light: 'yellow',
    api_budget_percent: 80,
    files_budget_percent: 40,
    connection: 'needs_reauthorisation',
    connection_message: 'Salesforce answered invalid_grant: expired access/refresh token.',
    integration_user: 'backup@emea.acme.example',
    connected_at: before(200 * day),
    owner_name: 'Bo Lind',
    owner_id: 'mem_bo',
    rights: ['view'],
  },
]

const names = [
  'Account',
  'AccountHistory',
  'Contact',
  'EmailMessage',
  'Opportunity',
  'Price_Rule__c',
  'Case',
  'Lead',
  'Task',
  'Event',
  'Campaign',
  'CampaignMember',
  'ContentVersion',
  'ContentDocument',
  'ContentDocumentLink',
  'OpportunityLineItem',
  'Product2',
  'Pricebook2',
  'PricebookEntry',
  'Quote',
  'QuoteLineItem',
  'Order',
  'OrderItem',
  'Contract',
  'Asset',
  'User',
  'Profile',
  'PermissionSet',
  'Group',
  'Attachment',
  'Document',
  'Invoice__c',
  'Invoice_Line__c',
  'Shipment__c',
  'Region__c',
]

export function objectStatus(at: number): ObjectStatus {
  const name = names[at] ?? `Custom_Object_${String(at).padStart(5, '0')}__c`
  const live = Math.floor(((at * 7919) % 97) * 1313 + at)
  const base: ObjectStatus = {
    object: name,
    phase: 'capturing_changes',
    light: 'green',
    word: 'running',
    live_records: live,
    last_captured_at: before(20 + (at % 50) * 13),
    last_verified_at: before(hour + at * 31),
    watermark: before(140 + at),
    attempts: 0,
    method: 'windows',
    first_seen_at: before(40 * day),
    last_seen_at: before(30),
  }
  if (name === 'EmailMessage') {
    return {
      ...base,
      light: 'yellow',
      word: 'warning',
      attempts: 14,
      failing_since: before(2 * hour),
      next_try_at: before(-240),
      failure: {
        code: 'request_limit_exceeded',
        message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
        hint: 'Holdfast tries again by itself; raise the limit in Salesforce if it stays so.',
        since: before(2 * hour),
      },
    }
  }
  if (name === 'Price_Rule__c') {
    return {
      ...base,
      phase: 'stopped',
      word: 'stopped',
      stopped_reason:
        'The integration user may no longer read this object. Grant Read on it, and its backup goes on where it stood.',
    }
  }
  if (name === 'AccountHistory') {
    return {
      ...base,
      attempts: 1,
      failure: {
        code: 'org_unreachable',
        message: 'the org did not answer in time',
        hint: 'Holdfast tries again by itself.',
      },
    }
  }
  return base
}

export const objectCount = 50_000

export function firstBackupObject(at: number): ObjectStatus {
  const status = { ...objectStatus(at), attempts: 0 }
  delete status.failure
  delete status.last_verified_at
  delete status.stopped_reason
  if (at % 5 === 0)
    return { ...status, phase: 'capturing_changes', word: 'running', light: 'green', remaining_records: 0 }
  if (at % 3 === 0) return { ...status, phase: 'waiting', word: 'waiting', light: 'green', live_records: 0 }
  return {
    ...status,
    phase: 'first_capture',
    word: 'running',
    light: 'green',
    remaining_records: ((at * 6007) % 89) * 1201,
    ...(at % 4 === 0 ? {} : { records_per_second: 40 + ((at * 37) % 900) }),
  }
}

export function autoBackup(org: Org): AutoBackup {
  const base: AutoBackup = {
    org_id: org.id,
    state: org.auto_backup,
    phase: 'capturing_changes',
    light: 'green',
    is_served: true,
    objects: { running: 49_998, warning: 1, stopped: 1, paused: 0, waiting: 0 },
    live_records: 48_213_904,
    files: { is_paused: false, stored: 182_331, bytes: 912_000_000_000, pending: 12, failed: 1 },
    last_run: run(0),
    last_captured_at: before(21),
    last_verified_at: before(3 * hour),
    next_round_at: before(-40),
  }
  if (org.name === 'acme-new') {
    const {
      last_run: _run,
      last_captured_at: _at,
      last_verified_at: _verified,
      next_round_at: _next,
      ...off
    } = base
    return {
      ...off,
      phase: 'off',
      objects: { running: 0, warning: 0, stopped: 0, paused: 0, waiting: 0 },
      live_records: 0,
    }
  }
  if (org.name === 'acme-first-backup') {
    return {
      ...base,
      phase: 'first_backup',
      objects: { running: 311, warning: 0, stopped: 0, paused: 0, waiting: 90 },
      first_backup: {
        objects_total: 412,
        objects_done: 83,
        records_done: 11_204_331,
        records_remaining: 19_480_200,
        records_per_second: 8_412.4,
        started_at: before(1900),
        estimated_end_at: before(-2320),
      },
    }
  }
  if (org.connection !== 'works') {
    return {
      ...base,
      light: 'yellow',
      problem: {
        code: 'connection_revoked',
        message: 'Holdfast can no longer sign in to this org',
        hint: 'Connect the org again.',
      },
    }
  }
  return base
}

export function run(at: number): Run {
  const started = at * 300 + 80
  const base: Run = {
    id: `019ac3f0-${String(1000 + at)}-7000-8000-00000000${String(1000 + at)}`,
    org_id: orgs[0]?.id ?? '',
    trigger: at % 17 === 5 ? 'backup' : 'auto',
    status: 'completed',
    started_at: before(started),
    finished_at: before(started - 12 - (at % 9)),
    objects: 412,
    counts: {
      new: (at * 37) % 211,
      changed: (at * 53) % 1499,
      deleted: at % 4,
      undeleted: at % 23 === 7 ? 1 : 0,
      unchanged: 4,
      bytes: 41_000 + ((at * 9973) % 800_000),
    },
    files: { stored: at % 6, bytes: (at % 6) * 731_000, pending: 0, failed: 0 },
    api_calls: 18 + (at % 13),
  }
  if (at === 3) return { ...base, status: 'completed_with_gaps' }
  if (at === 7)
    return {
      ...base,
      status: 'failed',
      failure: {
        code: 'org_unreachable',
        message: 'the org did not answer in time',
        hint: 'Holdfast tries again by itself.',
      },
    }
  return base
}

export function block(object: string, at: number): Block {
  const finished = at * 610 + 30
  const base: Block = {
    id: `blk_${at}`,
    object,
    run_id: run(at).id,
    way: at % 9 === 8 ? 'bulk' : 'rest',
    window_from: before(finished + 700),
    window_until: before(finished + 90),
    table_version: 900 - at,
    counts: {
      new: (at * 31) % 97,
      changed: (at * 17) % 310,
      deleted: at % 3,
      undeleted: 0,
      unchanged: at % 7,
      bytes: 9_000 + ((at * 7001) % 91_000),
    },
    started_at: before(finished + 1 + (at % 3)),
    finished_at: before(finished),
  }
  if (at !== 2) return base
  const { window_until: _until, table_version: _version, ...rest } = base
  return {
    ...rest,
    way: 'failed',
    counts: { new: 0, changed: 0, deleted: 0, undeleted: 0, unchanged: 0, bytes: 0 },
    failure: {
      code: 'request_limit_exceeded',
      message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
      hint: 'Holdfast tries again by itself.',
    },
  }
}

export const errors: OrgError[] = [
  {
    id: 'err_1',
    object: 'EmailMessage',
    run_id: run(2).id,
    code: 'request_limit_exceeded',
    message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
    hint: 'Holdfast tries again by itself; raise the limit in Salesforce if it stays so.',
    at: before(2 * hour),
    light: 'yellow',
  },
  {
    id: 'err_2',
    object: 'AccountHistory',
    run_id: run(0).id,
    code: 'org_unreachable',
    message: 'the org did not answer in time',
    hint: 'Holdfast tries again by itself.',
    at: before(70),
    light: 'green',
  },
  {
    id: 'err_3',
    object: 'Contact',
    run_id: run(7).id,
    code: 'org_unreachable',
    message: 'the org did not answer in time',
    hint: 'Holdfast tries again by itself.',
    at: before(day),
    resolved_at: before(day - 120),
    light: 'green',
  },
]

export const runObjects: RunObject[] = names.map((object, at) => {
  const row: RunObject = {
    object,
    live_records: 900 * at + 12,
    table_version: 400 + at,
    is_verified: at % 4 !== 1,
    counts: {
      new: (at * 3) % 11,
      changed: (at * 7) % 29,
      deleted: at % 2,
      undeleted: 0,
      unchanged: 0,
      bytes: 4000,
    },
  }
  if (object !== 'Price_Rule__c') return row
  return {
    ...row,
    gap: {
      code: 'object_denied',
      message: 'the integration user may no longer read this object',
      hint: 'Grant Read on it.',
    },
    gap_is_expected: false,
  }
})

export const events: LiveEvent[] = [
  { kind: 'run_started', org_id: '00D5g00000AbCdEEAV', run_id: run(0).id },
  {
    kind: 'retrying',
    org_id: '00D5g00000AbCdEEAV',
    object: 'EmailMessage',
    attempt: 3,
    error: 'Salesforce answered `REQUEST_LIMIT_EXCEEDED`',
    pause_ms: 64_000,
  },
]

export const coverage: Coverage = {
  asked_at: before(4),
  objects_visible: 412,
  objects_hidden: 3,
  objects_not_queryable: 71,
  fields_hidden: 5,
  permissions: [
    {
      name: 'View All Data',
      is_granted: true,
      is_for_restore: false,
      matters_because: 'only records shared with the user are captured',
    },
    {
      name: 'Query All Files',
      is_granted: false,
      is_for_restore: false,
      matters_because: 'files that are not shared with the user are missing',
    },
    {
      name: 'View Encrypted Data',
      is_granted: true,
      is_for_restore: false,
      matters_because: 'classic encrypted fields are captured masked',
    },
    {
      name: 'Modify All Data',
      is_granted: false,
      is_for_restore: true,
      matters_because: 'a restore may write only what the user may edit',
    },
    {
      name: 'API Enabled',
      is_granted: true,
      is_for_restore: false,
      matters_because: 'nothing can be read',
    },
  ],
  could_not_tell: ['Package licences: the integration user may not read UserPackageLicense.'],
  objects: [
    ...names.map((object, at) => ({
      object,
      visibility: 'captured' as const,
      restorability: object.endsWith('History') ? ('readable_only' as const) : ('restorable' as const),
      ...(at === 4 ? { hidden_fields: ['Salary__c', 'Score__c'] } : {}),
    })),
    {
      object: 'Secret__c',
      visibility: 'hidden',
      restorability: 'restorable',
      reason: 'The integration user has no Read permission on this object.',
    },
    {
      object: 'ActivityHistory',
      visibility: 'not_queryable',
      restorability: 'never',
      reason: 'Salesforce offers this object to related lists only.',
    },
  ],
}

export const found: FoundRecord[] = Array.from({ length: 40 }, (_, at) => ({
  object: at % 3 === 0 ? 'Contact' : 'Account',
  id: `0015g00000Rec${String(at).padStart(2, '0')}AAX`,
  name: `Northwind Traders ${at + 1}`,
  is_deleted: at % 7 === 3,
  modified_at: before(at * 5000 + 90),
  match: { field: 'Description', value: 'met at the Northwind fair, asked for an offer' },
}))

export const history: RecordHistory = {
  object: 'Account',
  id: '0015g00000Rec00AAX',
  name: 'Northwind Traders',
  is_deleted: false,
  versions: [
    {
      table_version: 1,
      run_id: run(20).id,
      captured_at: before(40 * day),
      change: 'new',
      stamp: before(300 * day),
      modified_by: 'Ivo Marsh',
      fields: [
        { field: 'Name', new: 'Northwind' },
        { field: 'Industry', new: 'Retail' },
        { field: 'AnnualRevenue', new: '1200000' },
        { field: 'Phone', new: '+49 731 5550' },
        { field: 'OwnerId', new: '0055g000001AbCdEAK' },
      ],
    },
    {
      table_version: 14,
      run_id: run(9).id,
      captured_at: before(12 * day),
      change: 'changed',
      stamp: before(12 * day + 60),
      modified_by: 'Mina Okafor',
      fields: [
        { field: 'Name', old: 'Northwind', new: 'Northwind Traders' },
        { field: 'Website', new: 'https://northwind.example' },
      ],
    },
    {
      table_version: 20,
      run_id: run(6).id,
      captured_at: before(3 * day),
      change: 'deleted',
      stamp: before(3 * day + 20),
      modified_by: 'Data Loader',
      fields: [],
    },
    {
      table_version: 21,
      run_id: run(4).id,
      captured_at: before(2 * day),
      change: 'undeleted',
      stamp: before(2 * day + 20),
      modified_by: 'Mina Okafor',
      fields: [],
    },
    {
      table_version: 33,
      run_id: run(1).id,
      captured_at: before(300),
      change: 'changed',
      stamp: before(380),
      modified_by: 'Ivo Marsh',
      fields: [
        { field: 'Phone', old: '+49 731 5550' },
        {
          field: 'Description',
          old: 'A note',
          new: '<img src=x onerror=alert(1)> met at the fair, asked for an offer that has to be sent before the end of the quarter',
        },
      ],
    },
  ],
}

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
