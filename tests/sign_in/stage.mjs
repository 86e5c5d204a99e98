// The real service, with an owner who is signed in and sets single sign-on up.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

import { Browser } from './browser.mjs'

const PASSWORD = 'correct horse battery'

export async function startStage() {
  const stage = spawn(process.env.HOLDFAST_STAGE, ['20'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await new Promise((resolve, reject) => {
    createInterface({ input: stage.stdout }).once('line', (...lines) => resolve(lines))
    stage.once('error', reject)
    stage.once('exit', (code) => reject(new Error(`the stage ended with ${code}`)))
  })
  const facts = JSON.parse(line)
  const service = facts.console.replace(/\/$/, '')
  const owner = new Browser()
  const first = { token: new URL(facts.first_owner).hash.slice(1), name: 'Olga', email: 'olga@acme.example', password: PASSWORD }
  assert.equal((await owner.ask(`${service}/api/v1/first_owner`, 'POST', first)).status, 201)
  return new Stage(service, owner, () => stage.stdin.end())
}

class Stage {
  constructor(service, owner, end) {
    Object.assign(this, { service, owner, end, callback: `${service}/api/v1/single_sign_on/callback` })
  }

  async setUp(provider) {
    const body = { is_enabled: true, admitted_domains: ['acme.example'], ...provider }
    const set = await this.owner.ask(`${this.service}/api/v1/single_sign_on`, 'PUT', body)
    assert.equal(set.status, 200, JSON.stringify(set.json))
  }

  // Where somebody lands in Holdfast who fills in the provider's pages like this.
  async signIn(fields, browser = new Browser()) {
    const start = `${this.service}/api/v1/single_sign_on/start?return_to=/orgs`
    const back = await browser.travel(start, (url) => url.startsWith(this.callback), fields)
    const landed = await browser.go(back)
    return { browser, back, landed: landed.next?.slice(this.service.length) }
  }

  async me(browser) {
    return browser.ask(`${this.service}/api/v1/me`)
  }
}
