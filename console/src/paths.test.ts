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
    ['/.//evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['/sign-in', '/'],
    ['/sign-in?return_to=%2Faudit', '/audit'],
    ['/sign-in?return_to=%2Fsign-in%3Freturn_to%3D%252Faudit', '/audit'],
    ['/sign-in?return_to=https%3A%2F%2Fevil.example', '/'],
    [null, '/'],
  ])('%s leads to %s', (asked, expected) => {
    expect(safeReturn(asked)).toBe(expected)
  })
})

describe('the way to signing in', () => {
  it.each([
    [undefined, '/sign-in'],
    ['/', '/sign-in'],
    ['/audit', '/sign-in?return_to=%2Faudit'],
    ['/sign-in', '/sign-in'],
    ['/sign-in?return_to=%2Faudit', '/sign-in?return_to=%2Faudit'],
    ['/sign-in?error=link_expired&message=x', '/sign-in'],
    ['https://evil.example/', '/sign-in'],
  ])('from %s is %s', (from, expected) => {
    expect(paths.signIn(from)).toBe(expected)
  })
})
