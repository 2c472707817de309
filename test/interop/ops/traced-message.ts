import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { SipEndpoint } from '@ipsmgw/sip'
import type { SubscriberSetting } from '@ipsmgw/test/lab'

export interface Sent {
  readonly traceId: string
  readonly spanId: string
  readonly status: number | undefined
}

/** How phones of a lab behave, by its HTTP side. */
export async function preparePhones(
  lab: string,
  settings: Readonly<Record<string, SubscriberSetting>>,
): Promise<void> {
  for (const [number, setting] of Object.entries(settings)) {
    const answer = await fetch(`${lab}/lab/subscribers/${number}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(setting),
    })
    assert.ok(answer.ok, await answer.text())
  }
}

/** Sends one message within a trace of the core; resolves to its trace id and span id. */
export async function send(port: number, number: string, text: string): Promise<Sent> {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  const endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }] },
    { onRequest: (request) => void request.respond(405) },
  )
  await endpoint.start()
  const outcome = await endpoint.request({
    method: 'MESSAGE',
    uri: `tel:+${number}`,
    headers: [
      ['From', '<tel:+447700900111>'],
      ['To', `<tel:+${number}>`],
      ['P-Asserted-Identity', '<tel:+447700900111>'],
      ['traceparent', `00-${traceId}-${spanId}-01`],
      ['Content-Type', 'text/plain;charset=UTF-8'],
    ],
    body: Buffer.from(text),
    destination: { transport: 'tcp', host: '127.0.0.1', port },
  })
  await endpoint.close()
  const status = outcome.kind === 'response' ? outcome.response.status : undefined
  return { traceId, spanId, status }
}
