// A browser of a few lines: a cookie jar for each host, redirects one by one, and the forms of the pages it comes to.

export class Browser {
  #jars = new Map()

  async go(url, { method = 'GET', headers = {}, body } = {}) {
    const jar = this.#jar(url)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { method, body, redirect: 'manual', headers: { ...headers, ...(cookie && { cookie }) } })
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';')
      const [name, ...value] = pair.split('=')
      const expires = attributes.find((attribute) => /^\s*expires=/i.test(attribute))
      const isOver = /max-age=0/i.test(line) || (expires && new Date(expires.split('=')[1]) < new Date())
      if (isOver) jar.delete(name.trim())
      else jar.set(name.trim(), value.join('='))
    }
    const text = await response.text()
    const location = response.headers.get('location')
    return { url, status: response.status, text, next: location && new URL(location, url).href }
  }

  // As a page of the console asks the service.
  async ask(url, method = 'GET', body) {
    const headers = { 'content-type': 'application/json', 'x-holdfast-request': '1', origin: new URL(url).origin }
    const answer = await this.go(url, { method, headers, body: body && JSON.stringify(body) })
    return { status: answer.status, json: answer.text ? JSON.parse(answer.text) : undefined }
  }

  // Follows redirects, and fills in each form that a page shows, until `isThere` says that this is the place.
  async travel(url, isThere, fields) {
    let at = await this.go(url)
    for (let step = 0; step < 20; step += 1) {
      if (at.next && isThere(at.next)) return at.next
      if (at.next) at = await this.go(at.next)
      else at = await this.#submit(at, fields)
    }
    throw new Error(`lost at ${at.url}: ${at.status} ${at.text}`)
  }

  #submit(page, fields) {
    const form = /<form([^>]*)>([\s\S]*?)<\/form>/.exec(page.text)
    if (!form) throw new Error(`no form at ${page.url}: ${page.status} ${page.text}`)
    const action = /action="([^"]+)"/.exec(form[1])?.[1] ?? page.url
    const body = new URLSearchParams()
    // A button that is pressed says so.
    if (fields.action) body.set('action', fields.action)
    for (const [input] of form[2].matchAll(/<input[^>]*>/g)) {
      const attribute = (name) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1]
      const name = attribute('name')
      if (name) body.set(name, fields[name] ?? attribute('value') ?? '')
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.go(new URL(action, page.url).href, { method: 'POST', headers, body: body.toString() })
  }

  #jar(url) {
    const { host } = new URL(url)
    if (!this.#jars.has(host)) this.#jars.set(host, new Map())
    return this.#jars.get(host)
  }
}
