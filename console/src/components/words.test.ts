import { autoBackup, firstBackupObject, orgs } from '../../mock/data'
import type { Org } from '../api/types'
import { autoLight, objectColour } from './words'

it('is green beside an object in its first backup, and blue beside the org as a whole', () => {
  const object = firstBackupObject(1)
  expect([object.phase, object.word]).toEqual(['first_capture', 'running'])

  expect(objectColour(object.word)).toBe('green')
  expect(autoLight(autoBackup(orgs[1] as Org))).toBe('blue')
})
