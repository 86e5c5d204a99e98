// oidc-provider, the certified implementation, in this process. Anybody may sign in on its own pages: the login is the account.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generateKeyPairSync } from 'node:crypto'

const packages = createRequire(join(process.env.SIGN_IN_PACKAGES, 'package.json'))
const { default: Provider } = await import(pathToFileURL(packages.resolve('oidc-provider')))

const SECRET = 'a secret of the client: with/every+sign & 100 %'

// One key for each algorithm that is worth signing with.
const KEYS = [
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['PS384', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['EdDSA', generateKeyPairSync('ed25519')],
].map(([alg, { privateKey }]) => ({ ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: alg }))

/// Every way in which a client may show who it is, with every kind of signature.
export const CLIENTS = {
  basic: { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
  post: { client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
  public: { token_endpoint_auth_method: 'none' },
  ...Object.fromEntries(
    KEYS.map(({ alg }) => [
      alg,
      {
        client_secret: SECRET,
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: alg,
      },
    ]),
  ),
}

// `people` says what is told of an account beside its id; what is told only at the user info endpoint is the provider's default.
export async function startProvider(redirectUri, { methods, inIdToken = false, people = {} }) {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${server.address().port}`
  const clients = Object.entries(CLIENTS).map(([client_id, client]) => ({
    client_id,
    redirect_uris: [redirectUri],
    ...client,
  }))
  const provider = new Provider(issuer, {
    clients: clients.filter((client) => methods.includes(client.token_endpoint_auth_method)),
    clientAuthMethods: methods,
    enabledJWA: { idTokenSigningAlgValues: KEYS.map(({ alg }) => alg) },
    jwks: { keys: KEYS },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: !inIdToken,
    cookies: { keys: ['for this test only'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: true, name: `${id} of Acme`, ...people[id] }),
    }),
  })
  server.on('request', provider.callback())
  return {
    issuer,
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
