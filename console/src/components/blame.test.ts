import type { RecordVersion } from '~/api/types'
import { blameOf } from './blame'

const version = (part: Partial<RecordVersion>): RecordVersion => ({
  table_version: 1,
  run_id: 'r',
  captured_at: '2026-01-01T00:00:00Z',
  change: 'changed',
  fields: [],
  ...part,
})

it('names who set a field last, and keeps the values of a deleted record', () => {
  const versions = [
    version({
      change: 'new',
      modified_by: 'Ann',
      stamp: '2026-01-01T00:00:00Z',
      fields: [
        { field: 'Name', new: 'Acme' },
        { field: 'City', new: 'Ulm' },
      ],
    }),
    version({
      modified_by: 'Ben',
      stamp: '2026-02-01T00:00:00Z',
      fields: [{ field: 'Name', old: 'Acme', new: 'Apex' }],
    }),
    version({ modified_by: 'Cyd', change: 'deleted', fields: [{ field: 'Name', old: 'Apex' }] }),
  ]

  expect(blameOf(versions)).toEqual([
    { field: 'City', value: 'Ulm', by: 'Ann', at: '2026-01-01T00:00:00Z', times: 1 },
    { field: 'Name', value: 'Apex', by: 'Ben', at: '2026-02-01T00:00:00Z', times: 2 },
  ])
})
