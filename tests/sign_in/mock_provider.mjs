// oidc-provider-mock, written in Python on Authlib, in a process of its own. Clients register themselves at it, and anybody may
// sign in on its page; of whom it was not told beforehand it knows an address that nobody has verified.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

export async function startMockProvider(redirectUri, { people, method = 'client_secret_basic' }) {
  const port = await freePort()
  const claims = people.flatMap((person) => ['--user-claims', JSON.stringify(person)])
  const options = ['--port', String(port), '--require-registration', 'true', '--require-nonce', 'true', ...claims]
  const child = spawn(process.env.SIGN_IN_MOCK_PROVIDER, options, { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = []
  child.stderr.on('data', (text) => said.push(text))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const issuer = `http://127.0.0.1:${port}`
  await isThere(`${issuer}/.well-known/openid-configuration`, ended, said)
  const registered = await fetch(`${issuer}/oauth2/clients`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri], token_endpoint_auth_method: method }),
  })
  const client = await registered.json()
  return {
    issuer,
    client: { issuer, client_id: client.client_id, client_secret: client.client_secret },
    stop: async () => {
      child.kill()
      await ended
    },
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

// Python takes a moment to start, and nothing tells when it has.
async function isThere(url, ended, said) {
  const isOver = ended.then((code) => {
    throw new Error(`the provider ended with ${code}: ${said.join('')}`)
  })
  const answers = (async () => {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const answer = await fetch(url).catch(() => undefined)
      if (answer?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`the provider does not answer: ${said.join('')}`)
  })()
  await Promise.race([answers, isOver])
}
