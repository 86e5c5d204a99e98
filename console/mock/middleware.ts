// Lets the development server answer /api from the mock.
import { getResponse } from 'msw'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import * as data from './data'
import { handlers } from './handlers'

export async function answer(request: IncomingMessage, response: ServerResponse, next: () => void) {
  if (request.url?.startsWith('/api/v1/events')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of data.events)
      response.write(`event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`)
    return
  }
  if (!request.url?.startsWith('/api/')) {
    next()
    return
  }
  const hasBody = !['GET', 'HEAD'].includes(request.method ?? 'GET')
  const asked = new Request(`http://localhost${request.url}`, {
    method: request.method ?? 'GET',
    headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(hasBody ? { body: Readable.toWeb(request), duplex: 'half' } : {}),
  } as RequestInit)
  const given = await getResponse(handlers, asked)
  if (given === undefined) {
    response.writeHead(501).end(`the mock does not answer ${request.method} ${request.url}`)
    return
  }
  response.writeHead(given.status, Object.fromEntries(given.headers))
  response.end(Buffer.from(await given.arrayBuffer()))
}
