import { autoBackup, firstBackupObject, orgs } from '../../mock/data'
import type { Org } from '../api/types'
import { autoWord, objectColour, orgLight } from './words'

it('is green beside an object in its first backup, and blue beside the org as a whole', () => {
  const object = firstBackupObject(1)
  expect([object.phase, object.word]).toEqual(['first_capture', 'running'])

  expect(objectColour(object.word)).toBe('green')
  expect(autoBackup(orgs[1] as Org).light).toBe('blue')
})

it('says in words what the light of an org says', () => {
  const org = orgs[0] as Org

  expect(autoWord({ ...autoBackup(org), phase: 'capturing_changes', light: 'yellow' })).toBe(
    'Warning: capturing changes',
  )
  expect(orgLight({ ...org, connection: 'works', auto_backup: 'paused', light: 'yellow' })).toEqual({
    colour: 'yellow',
    word: 'paused, warning',
  })
  expect(orgLight({ ...org, connection: 'works', auto_backup: 'paused', light: 'grey' })).toEqual({
    colour: 'grey',
    word: 'paused',
  })
})
