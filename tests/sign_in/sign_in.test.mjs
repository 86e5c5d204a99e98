// People sign in to Holdfast on the pages of a certified OpenID Connect provider, whichever way the client shows who it is
// and whatever the id token is signed with.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { Browser } from './browser.mjs'
import { CLIENTS, startProvider } from './provider.mjs'
import { startStage } from './stage.mjs'

let stage, service
const providers = []

before(async () => {
  stage = await startStage()
  service = stage.service
})

after(async () => {
  stage.end()
  await Promise.all(providers.map((provider) => provider.stop()))
})

async function provide(options) {
  const provider = await startProvider(stage.callback, options)
  providers.push(provider)
  return provider
}

const setUp = (provider, client, more = {}) =>
  stage.setUp({
    issuer: provider.issuer,
    client_id: client,
    client_secret: CLIENTS[client].client_secret ?? '',
    ...more,
  })

// Where somebody lands in Holdfast who signs in at the provider with this login.
const signIn = (login) => stage.signIn({ login, password: 'any' })

test('a person signs in on the pages of the provider, and is the same one the next time', async () => {
  await setUp(await provide({ methods: ['client_secret_basic'] }), 'basic')
  const { browser, landed } = await signIn('sam')
  assert.equal(landed, '/orgs')
  const me = (await browser.ask(`${service}/api/v1/me`)).json
  assert.deepEqual([me.email, me.name, me.role, me.orgs], ['sam@acme.example', 'sam of Acme', 'member', []])
  const again = await signIn('sam')
  assert.equal((await again.browser.ask(`${service}/api/v1/me`)).json.id, me.id)
})

for (const [client, { token_endpoint_auth_method: method }] of Object.entries(CLIENTS)) {
  test(`the client shows who it is by ${method}, with what "${client}" is signed with`, async () => {
    await setUp(await provide({ methods: [method] }), client)
    const { browser, landed } = await signIn(`of-${client.toLowerCase()}`)
    assert.equal(landed, '/orgs')
    assert.equal((await browser.ask(`${service}/api/v1/me`)).status, 200)
  })
}

test('a provider that tells everything in the id token is not asked again', async () => {
  await setUp(await provide({ methods: ['client_secret_basic'], inIdToken: true }), 'basic')
  const { browser } = await signIn('ida')
  assert.equal((await browser.ask(`${service}/api/v1/me`)).json.email, 'ida@acme.example')
})

test('an address that the provider has not verified, or of another domain, lets nobody in', async () => {
  const people = { una: { email_verified: false }, eve: { email: 'eve@evil.example' }, nora: { email: undefined } }
  await setUp(await provide({ methods: ['client_secret_basic'], people }), 'basic')
  for (const login of Object.keys(people)) {
    const { browser, landed } = await signIn(login)
    assert.match(landed, /^\/sign-in\?error=sign_in_refused/, login)
    assert.equal((await browser.ask(`${service}/api/v1/me`)).status, 401)
  }
})

test('a wrong secret lets nobody in, and a code is good once and in one browser', async () => {
  const provider = await provide({ methods: ['client_secret_basic'] })
  await setUp(provider, 'basic', { client_secret: 'a wrong one' })
  assert.match((await signIn('sue')).landed, /^\/sign-in\?error=identity_provider_failed/)
  await setUp(provider, 'basic')
  const { browser, back, landed } = await signIn('sue')
  assert.equal(landed, '/orgs')
  assert.match((await browser.go(back)).next, /error=link_expired/)
  assert.match((await new Browser().go(back)).next, /error=link_expired/)
})

test('somebody who changes their mind at the provider is told so', async () => {
  await setUp(await provide({ methods: ['client_secret_basic'] }), 'basic')
  const browser = new Browser()
  let at = await browser.go(`${service}/api/v1/single_sign_on/start`)
  while (at.next) at = await browser.go(at.next)
  const abort = /href="([^"]*abort[^"]*)"/.exec(at.text)[1]
  const isBack = (url) => url.startsWith(`${service}/api/v1/single_sign_on/callback`)
  const back = await browser.travel(new URL(abort, at.url).href, isBack, {})
  assert.match((await browser.go(back)).next, /\/sign-in\?error=/)
})
