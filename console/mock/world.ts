// A small world for looking at pages and for component tests: generated, always the same.
import type {
  AutoBackup,
  Block,
  LiveEvent,
  Me,
  ObjectStatus,
  Org,
  OrgError,
  Run,
  RunObject,
} from '../src/api/types'
import type { components } from '../src/api/schema'

type Schemas = components['schemas']

export const now = Date.now()
export const before = (seconds: number) => new Date(now - seconds * 1000).toISOString()
export const hour = 3600
export const day = 86_400
export const allRights: Schemas['Right'][] = [
  'view',
  'browse',
  'execute',
  'edit',
  'delete',
  'restore',
  'download',
]

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
    light: 'blue',
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
    light: 'grey',
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

export const names = [
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
        code: 'api_limit_reached',
        message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
        hint: 'the org has used up its daily API calls; start again when the 24-hour window has moved, as auto backup does by itself',
        since: before(2 * hour),
      },
    }
  }
  if (name === 'Price_Rule__c') {
    return {
      ...base,
      phase: 'stopped',
      word: 'stopped',
      stopped_reason: 'the integration user no longer sees it: it was deleted, or access was taken away',
    }
  }
  if (name === 'AccountHistory') {
    return {
      ...base,
      attempts: 1,
      failure: {
        code: 'org_unreachable',
        message: 'the org did not answer in time',
        hint: 'check the address and the network; a run under way tries again by itself',
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
  if (at % 3 === 0) return { ...status, phase: 'waiting', word: 'waiting', light: 'blue', live_records: 0 }
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
    completeness: {
      objects_captured: 49_999,
      objects_verified: 49_998,
      objects_to_come: 0,
      objects_not_captured: 1,
      fields_not_captured: 0,
      words: '49998 of 49999 captured objects are verified complete; 1 object is not captured (see coverage)',
    },
    last_captured_at: before(21),
    last_verified_at: before(3 * hour),
    next_round_at: before(-40),
  }
  if (org.name === 'acme-new') {
    const {
      last_run: _run,
      completeness: _completeness,
      last_captured_at: _at,
      last_verified_at: _verified,
      next_round_at: _next,
      ...off
    } = base
    return {
      ...off,
      phase: 'off',
      light: 'grey',
      objects: { running: 0, warning: 0, stopped: 0, paused: 0, waiting: 0 },
      live_records: 0,
    }
  }
  if (org.name === 'acme-first-backup') {
    return {
      ...base,
      phase: 'first_backup',
      light: 'blue',
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
        code: 'needs_reauthorisation',
        message: 'Holdfast can no longer sign in to this org',
        hint: 'check the credentials and give them to `holdfast org add`; an org that is known keeps its name',
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
        hint: 'check the address and the network; a run under way tries again by itself',
      },
    }
  if (at === 4 || at === 5)
    return {
      ...base,
      status: 'interrupted',
      failure:
        at === 4
          ? { code: 'cancelled', message: 'stopped on request', hint: 'Start it again when it is wanted.' }
          : {
              code: 'interrupted',
              message: 'the process ended before the run did; the next run goes on from there',
              hint: 'Start it again.',
            },
    }
  return base
}

const { finished_at: _ended, ...begun } = run(0)
export const runUnderWay: Run = {
  ...begun,
  status: 'running',
  counts: { ...begun.counts, new: 1_204, changed: 88 },
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
      code: 'api_limit_reached',
      message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
      hint: 'the org has used up its daily API calls; start again when the 24-hour window has moved, as auto backup does by itself',
    },
  }
}

export const errors: OrgError[] = [
  {
    id: 'err_1',
    object: 'EmailMessage',
    run_id: run(2).id,
    code: 'api_limit_reached',
    message: 'Salesforce answered REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded',
    hint: 'the org has used up its daily API calls; start again when the 24-hour window has moved, as auto backup does by itself',
    at: before(2 * hour),
    light: 'yellow',
  },
  {
    id: 'err_2',
    object: 'AccountHistory',
    run_id: run(0).id,
    code: 'org_unreachable',
    message: 'the org did not answer in time',
    hint: 'check the address and the network; a run under way tries again by itself',
    at: before(70),
    light: 'green',
  },
  {
    id: 'err_3',
    object: 'Contact',
    run_id: run(7).id,
    code: 'org_unreachable',
    message: 'the org did not answer in time',
    hint: 'check the address and the network; a run under way tries again by itself',
    at: before(day),
    resolved_at: before(day - 120),
    light: 'green',
  },
  {
    id: 'err_4',
    object: 'Price_Rule__c',
    run_id: run(1).id,
    code: 'permission_missing',
    message:
      'the integration user no longer sees it: it was deleted, or access was taken away; what was captured stays; if it is gone indeed, back up once with `--accept-missing`',
    hint: 'grant the integration user what the message names; the next run goes on where this one stopped',
    at: before(5 * hour),
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
      code: 'permission_missing',
      message: 'the integration user no longer sees it: it was deleted, or access was taken away',
      hint: 'grant the integration user what the message names; the next run goes on where this one stopped',
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
