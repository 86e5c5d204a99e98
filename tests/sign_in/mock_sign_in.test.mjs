// People sign in to Holdfast on the page of a second provider, whose language, libraries and answers have nothing in common with
// those of the first. It tells what it knows of somebody in the id token, names no methods of authentication in its
// discovery document, and does not look at the code challenge: whether PKCE holds is judged by the other one.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { Browser } from './browser.mjs'
import { startMockProvider } from './mock_provider.mjs'
import { startStage } from './stage.mjs'

const PEOPLE = [
  { sub: 'sam', email: 'sam@acme.example', email_verified: true, name: 'Sam of Acme' },
  { sub: 'tom', email: 'tom@acme.example', email_verified: true },
  { sub: 'toms twin', email: 'tom@acme.example', email_verified: true },
  { sub: 'sue', email: 'sue@acme.example', email_verified: true },
  { sub: 'una', email: 'una@acme.example', email_verified: false },
  { sub: 'eve', email: 'eve@evil.example', email_verified: true },
]
let stage
const providers = []

before(async () => {
  stage = await startStage()
})

after(async () => {
  stage.end()
  await Promise.all(providers.map((provider) => provider.stop()))
})

async function provide(options = {}) {
  const provider = await startMockProvider(stage.callback, { people: PEOPLE, ...options })
  providers.push(provider)
  return provider
}

test('a second provider: the sign-in asks with PKCE, state and nonce, and leads to the page that was asked for', async () => {
  const provider = await provide()
  await stage.setUp(provider.client)
  const browser = new Browser()
  const begun = new URL((await browser.go(`${stage.service}/api/v1/single_sign_on/start`)).next)
  const asked = begun.searchParams
  assert.equal(begun.href.split('?')[0], `${provider.issuer}/oauth2/authorize`)
  assert.deepEqual(
    ['response_type', 'client_id', 'redirect_uri', 'scope', 'code_challenge_method'].map((name) => asked.get(name)),
    ['code', provider.client.client_id, stage.callback, 'openid email profile', 'S256'],
  )
  for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked.get(name), /^[\w-]{43}$/, name)

  const { browser: sams, landed } = await stage.signIn({ sub: 'sam' })
  assert.equal(landed, '/orgs')
  const { json: me } = await stage.me(sams)
  assert.deepEqual([me.email, me.name, me.role, me.orgs], ['sam@acme.example', 'Sam of Acme', 'member', []])
  const again = await stage.signIn({ sub: 'sam' })
  assert.equal((await stage.me(again.browser)).json.id, me.id)
})

// OpenID Connect Discovery 1.0, section 3: without a list of methods, `client_secret_basic` is meant.
test('a second provider: a client that it wants to know by another method than it says is told that this failed', async () => {
  const provider = await provide({ method: 'client_secret_post' })
  await stage.setUp(provider.client)
  const { landed } = await stage.signIn({ sub: 'sam' })
  assert.match(landed, /^\/sign-in\?error=identity_provider_failed/)
})

test('a second provider: an address that is not verified, of another domain, or of somebody else lets nobody in', async () => {
  await stage.setUp((await provide()).client)
  assert.equal((await stage.signIn({ sub: 'tom' })).landed, '/orgs')
  for (const sub of ['una', 'eve', 'toms twin', 'stranger@acme.example']) {
    const { browser, landed } = await stage.signIn({ sub })
    assert.match(landed, /^\/sign-in\?error=sign_in_refused/, sub)
    assert.equal((await stage.me(browser)).status, 401)
  }
})

test('a second provider: a wrong secret lets nobody in, and an answer is good once and in one browser', async () => {
  const provider = await provide()
  await stage.setUp({ ...provider.client, client_secret: 'a wrong one' })
  assert.match((await stage.signIn({ sub: 'sue' })).landed, /^\/sign-in\?error=identity_provider_failed/)
  await stage.setUp(provider.client)
  const { browser, back, landed } = await stage.signIn({ sub: 'sue' })
  assert.equal(landed, '/orgs')
  assert.match((await browser.go(back)).next, /error=link_expired/)
  assert.match((await new Browser().go(back)).next, /error=link_expired/)
})

test('a second provider: who denies there is not let in, and a provider that went away is named', async () => {
  const provider = await provide()
  await stage.setUp(provider.client)
  const denied = await stage.signIn({ action: 'deny' })
  // It sends no state back, so the denial cannot be told from an answer that was made up.
  assert.match(denied.landed, /^\/sign-in\?error=link_expired/)
  assert.equal((await stage.me(denied.browser)).status, 401)
  await provider.stop()
  const away = await new Browser().go(`${stage.service}/api/v1/single_sign_on/start`)
  assert.match(away.next, /\/sign-in\?error=identity_provider_failed/)
})
