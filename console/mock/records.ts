// Records of the small world: what is found, what is known of one, and what is hidden.
import type { Coverage, FoundRecord, RecordHistory } from '../src/api/types'
import { before, day, names, run } from './world'

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
    ...names
      .filter((object) => object !== 'Price_Rule__c')
      .map((object, at) => ({
        object,
        visibility: 'captured' as const,
        restorability: object.endsWith('History') ? ('readable_only' as const) : ('restorable' as const),
        ...(at === 4 ? { hidden_fields: ['Salary__c', 'Score__c'] } : {}),
      })),
    {
      object: 'Price_Rule__c',
      visibility: 'hidden',
      restorability: 'restorable',
      reason: 'The integration user has no Read permission on this object.',
    },
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
  match: {
    field: 'Description',
    value: 'met at the Northwind fair, asked for an offer',
    is_earlier: at % 5 === 2,
  },
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
