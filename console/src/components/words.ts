// The words and colours that stand for states, the same on every page.
import type {
  AutoBackup,
  Change,
  Failure,
  ObjectPhase,
  ObjectWord,
  Org,
  Run,
  RunStatus,
  WorkItem,
} from '~/api/types'
import type { BadgeTone, LightColour } from '~/ui/Light'

export const objectColour = (word: ObjectWord): LightColour =>
  (({ running: 'green', warning: 'yellow', stopped: 'grey', paused: 'grey', waiting: 'blue' }) as const)[word]

export const objectPhaseWord: Record<ObjectPhase, string> = {
  waiting: 'waiting for its turn',
  first_capture: 'first backup',
  capturing_changes: 'capturing changes',
  stopped: 'stopped',
}

const autoPhaseWord: Record<AutoBackup['phase'], string> = {
  off: 'Off',
  waiting: 'Waiting to begin',
  first_backup: 'First backup',
  capturing_changes: 'Capturing changes',
  paused: 'Paused',
}

export const autoWord = (auto: AutoBackup) =>
  auto.light === 'yellow' ? `Warning: ${autoPhaseWord[auto.phase].toLowerCase()}` : autoPhaseWord[auto.phase]

const autoStateWord: Record<Org['auto_backup'], string> = {
  off: 'off',
  running: 'running',
  files_paused: 'running, files paused',
  paused: 'paused',
}

export function orgLight(org: Org): { colour: LightColour; word: string } {
  if (org.connection !== 'works') return { colour: 'red', word: 'cannot sign in' }
  if (org.auto_backup === 'off' || org.auto_backup === 'paused') {
    const word = autoStateWord[org.auto_backup]
    return org.light === 'yellow' ? { colour: 'yellow', word: `${word}, warning` } : { colour: 'grey', word }
  }
  if (org.light === 'yellow') return { colour: 'yellow', word: 'warning' }
  if (org.phase === 'waiting' || org.phase === 'first_backup')
    return { colour: 'blue', word: autoPhaseWord[org.phase].toLowerCase() }
  return { colour: 'green', word: autoStateWord[org.auto_backup] }
}

export const runStatusWord: Record<RunStatus, string> = {
  running: 'running',
  completed: 'completed',
  completed_with_gaps: 'completed with gaps',
  failed: 'failed',
  interrupted: 'interrupted',
}

/** What ended a run or a work item early, by the code of its failure. */
const endings: Record<string, string> = {
  cancelled: 'cancelled',
  api_budget_reached: 'out of API calls',
  api_limit_reached: 'out of API calls',
}

const endedEarly = (failure: Failure | undefined) => endings[failure?.code ?? ''] ?? 'interrupted'

export const runWord = ({ status, failure }: Pick<Run, 'status' | 'failure'>) =>
  status === 'interrupted' ? endedEarly(failure) : runStatusWord[status]

export const runTone = (status: RunStatus): BadgeTone =>
  (
    ({
      running: 'busy',
      completed: 'good',
      completed_with_gaps: 'warn',
      failed: 'bad',
      interrupted: 'neutral',
    }) as const
  )[status]

export const workKindWord: Record<WorkItem['kind'], string> = {
  backup: 'backup',
  check: 'check',
  compaction: 'compaction',
}

export const workWord = ({ state, failure }: Pick<WorkItem, 'state' | 'failure'>) =>
  state === 'interrupted' ? endedEarly(failure) : state

export const workTone = (state: WorkItem['state']): BadgeTone =>
  (({ waiting: 'neutral', running: 'busy', done: 'good', failed: 'bad', interrupted: 'neutral' }) as const)[
    state
  ]

export const changeTone = (change: Change): BadgeTone =>
  (({ new: 'good', changed: 'busy', deleted: 'bad', undeleted: 'warn' }) as const)[change]

const ways: Record<string, string> = {
  rest: 'REST query',
  bulk: 'Bulk job',
  whole: 'whole compare',
  by_parent: 'by parent',
  windows: 'by time windows',
  backfill: 'backfill of new fields',
  verify: 'comparison of all Ids',
  deletes: 'delete log',
  none: 'cannot be captured',
  failed: 'failed',
}

export const wayWord = (way: string) => ways[way] ?? way.replaceAll('_', ' ')
