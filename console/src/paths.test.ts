import { paths, safeReturn } from './paths'

describe('paths', () => {
  it('escapes what the reader named', () => {
    expect(paths.object('00D1', 'My/Thing__c')).toBe('/orgs/00D1/objects/My%2FThing__c')
  })

  it('leaves out search members without a value', () => {
    expect(paths.records('00D1', { q: '', object: 'Account' })).toBe('/orgs/00D1/records?object=Account')
  })
})

describe('the way back after signing in', () => {
  it.each([
    ['/orgs/00D1?tab=errors', '/orgs/00D1?tab=errors'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['javascript:alert(1)', '/'],
    [null, '/'],
  ])('%s leads to %s', (asked, expected) => {
    expect(safeReturn(asked)).toBe(expected)
  })
})
