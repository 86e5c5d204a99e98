// The work items of an org, in each of their states.
import type { WorkItem } from '../src/api/types'
import { before, hour, run } from './world'

const asked = (seconds: number, part: Pick<WorkItem, 'kind' | 'state'> & Partial<WorkItem>): WorkItem => ({
  id: `work-${seconds}`,
  asked_by: 'Ada Winter',
  asked_at: before(seconds),
  cut_off: 0,
  ...part,
})

const found = {
  orgs: 1,
  manifests: 912,
  tables: 412,
  data_files: 3_210,
  rows: 41_233_111,
  describes: 420,
  blobs: 88_120,
  bytes: 91_000_000_000,
  left_over: 0,
}

export const workItems: WorkItem[] = [
  asked(20, { kind: 'backup', state: 'running', started_at: before(19) }),
  asked(60, {
    kind: 'check',
    state: 'running',
    started_at: before(58),
    check_progress: { org_id: '', name: 'Opportunity', done: 211, total: 412 },
  }),
  asked(2 * hour, {
    kind: 'backup',
    state: 'done',
    ended_at: before(hour),
    run_id: run(3).id,
    run_status: 'completed_with_gaps',
  }),
  asked(5 * hour, {
    kind: 'check',
    state: 'done',
    ended_at: before(4 * hour),
    check: { ...found, is_whole: true, read_data: true, damaged: 0, damage: [] },
  }),
  asked(9 * hour, {
    kind: 'check',
    state: 'done',
    ended_at: before(8 * hour),
    check: {
      ...found,
      is_whole: false,
      read_data: false,
      damaged: 1,
      damage: [
        {
          path: 'orgs/00D/objects/Account/part-1.parquet',
          invariant: 'data_file_is_there',
          number: 8,
          detail: 'it is missing',
        },
      ],
    },
  }),
  asked(30 * hour, {
    kind: 'compaction',
    state: 'interrupted',
    ended_at: before(29 * hour),
    failure: { code: 'cancelled', message: 'Bo Sand cancelled it', hint: 'Start it again.' },
  }),
  asked(50 * hour, {
    kind: 'backup',
    state: 'interrupted',
    ended_at: before(49 * hour),
    failure: {
      code: 'interrupted',
      message: 'it was cut off too often',
      hint: 'start the same command again; it goes on where it stopped',
    },
  }),
]
