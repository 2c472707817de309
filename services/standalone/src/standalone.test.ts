import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { loadConfig } from '@ipsmgw/config'
import { SipEndpoint } from '@ipsmgw/sip'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { standaloneSchema } from './config.ts'
import { createStandalone, type Network, type Standalone } from './standalone.ts'

const BASE = {
  http: { port: 0 },
  sip: { port: 0, peers: [{ name: 'scscf', addresses: ['127.0.0.0/8'] }] },
  diameter: { originHost: 'gw.example', originRealm: 'example' },
  routing: { hssRealm: 'example', serviceCentre: '447700900000' },
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ipsmgw-standalone-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A network in which every number is at one MME; what arrives there is in `forwarded`. */
function network(answer: () => Promise<void> = async () => {}) {
  const forwarded: string[] = []
  const ways: Network = {
    parts: [],
    queries: {
      resolve: async () => ({ kind: 'refused', cause: 'unknownSubscriber' }),
      route: async () => ({
        kind: 'routed',
        imsi: '234150000000001',
        nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme1.example' }],
        peer: 'hss1.example',
      }),
    },
    forwarders: {
      sgd: {
        async forward(part) {
          forwarded.push(part.tpdu.toString('hex'))
          await answer()
          return { kind: 'delivered' }
        },
      },
    },
  }
  return { forwarded, ways }
}

async function gateway(directory: string, ways: Network, over: object = {}): Promise<Standalone> {
  const { config } = loadConfig(standaloneSchema, {
    environment: {},
    base: { ...BASE, journal: { directory }, ...over },
  })
  const standalone = createStandalone(config, {
    registry: createRegistry('standalone', 'test'),
    logger: createLogger({ service: 'test', level: 'silent' }),
    version: 'test',
    network: ways,
    fatal: (error) => assert.fail(String(error)),
  })
  await standalone.start()
  return standalone
}

async function phone(t: TestContext): Promise<SipEndpoint> {
  const endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }] },
    { onRequest: () => {} },
  )
  await endpoint.start()
  t.after(() => endpoint.close())
  return endpoint
}

/** One and the same message, whenever it is sent: same Call-ID, From-tag and CSeq. */
function send(endpoint: SipEndpoint, port: number, callId = 'one-call') {
  return endpoint.request({
    method: 'MESSAGE',
    uri: 'tel:+447900123456',
    headers: [
      ['From', '<tel:+447700900111>;tag=abc'],
      ['To', '<tel:+447900123456>'],
      ['Call-ID', callId],
      ['CSeq', '1 MESSAGE'],
      ['P-Asserted-Identity', '<tel:+447700900111>'],
      ['Content-Type', 'text/plain'],
    ],
    body: Buffer.from('Hello'),
    destination: { transport: 'udp', host: '127.0.0.1', port },
  })
}

async function statusOf(outcome: ReturnType<typeof send>): Promise<number | string> {
  const result = await outcome
  return result.kind === 'response' ? result.response.status : result.kind
}

describe('standalone', () => {
  test('a message over UDP is forwarded once and only then answered 200, with its timeline in the API', async (t) => {
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>()
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const { forwarded, ways } = network(() => {
      leave()
      return acknowledged
    })
    const standalone = await gateway(folder(t), ways)
    t.after(() => standalone.stop())
    const endpoint = await phone(t)
    let answered = false
    const status = statusOf(send(endpoint, standalone.sipPort())).finally(() => {
      answered = true
    })
    await left
    assert.equal(answered, false)
    acknowledge()
    assert.equal(await status, 200)
    assert.equal(forwarded.length, 1)
    const response = await fetch(`http://127.0.0.1:${standalone.port()}/api/messages?callId=one-call`)
    const [message] = (await response.json()) as [{ outcome: string; timeline: { step: string }[] }]
    assert.equal(message.outcome, 'delivered')
    assert.deepEqual(
      message.timeline.map(({ step }) => step),
      ['received', 'converted', 'routed', 'attempted', 'acknowledged', 'answered'],
    )
  })
})
