import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig } from '@ipsmgw/config'
import type { SmOutcome } from '@ipsmgw/events'
import type { RoutingAnswer } from '@ipsmgw/hss-routing'
import { SipEndpoint } from '@ipsmgw/sip'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { standaloneSchema } from './config.ts'
import type { Network } from './network.ts'
import { createStandalone, type Standalone } from './standalone.ts'

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

/** What a kill leaves: the files as they are, and nobody who holds them. */
function afterKill(t: TestContext, directory: string): string {
  const left = folder(t)
  for (const name of readdirSync(directory))
    if (name.endsWith('.ndjson')) copyFileSync(join(directory, name), join(left, name))
  return left
}

/** A network in which every number is at one MME; what arrives there is in `forwarded`. */
function network(answer: () => Promise<void> = async () => {}) {
  const forwarded: string[] = []
  const ways: Network = {
    parts: [],
    queries: {
      user: async () => ({ kind: 'refused', cause: 'unknownSubscriber' }),
      route: async () => ({
        kind: 'routed',
        imsi: '234150000000001',
        nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme1.example' }],
        peer: 'hss1.example',
      }),
    },
    statuses: {},
    forwarders: {
      sgd: {
        session: () => ({
          async forward(part) {
            forwarded.push(part.tpdu.toString('hex'))
            await answer()
            return { kind: 'delivered' }
          },
          close() {},
        }),
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
    network: () => ways,
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

const nextSample = () => delay(20)

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

  test('RFC 7683: an HSS with too much to do means 480 and never 503; neighbours are told to send less', async (t) => {
    const { forwarded, ways } = network()
    const route: Network['queries']['route'] = async () => ({ kind: 'refused', cause: 'routingCongested' })
    // A busy machine is no part of this.
    const patient = { sip: { ...BASE.sip, maximumLagMs: 60_000 } }
    const congested: Network = { ...ways, queries: { ...ways.queries, route } }
    const standalone = await gateway(folder(t), congested, patient)
    t.after(() => standalone.stop())
    const endpoint = await phone(t)
    const statuses = await Promise.all(
      Array.from({ length: 40 }, (_, i) => statusOf(send(endpoint, standalone.sipPort(), `call-${i}`))),
    )
    assert.deepEqual([...new Set(statuses)], [480])
    assert.equal(forwarded.length, 0)
    const metric = async (name: string) => {
      const response = await fetch(`http://127.0.0.1:${standalone.port()}/metrics`)
      return Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(await response.text())?.[1])
    }
    while ((await metric('ipsmgw_sip_congested_share')) !== 1) await nextSample()
    assert.equal(await metric('ipsmgw_sip_refused_share'), 0)
  })

  test('a message whose forward was under way at a kill is not sent again: the copy is answered 202', async (t) => {
    const directory = folder(t)
    const { promise: never, resolve: release } = Promise.withResolvers<void>()
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const before = network(() => {
      leave()
      return never
    })
    const impatient = { sip: { ...BASE.sip, peers: [{ ...BASE.sip.peers[0], earlyAnswerMs: 500 }] } }
    const killed = await gateway(directory, before.ways, impatient)
    t.after(() => {
      release()
      return killed.stop()
    })
    const endpoint = await phone(t)
    const unanswered = send(endpoint, killed.sipPort())
    await left
    // Nothing is flushed and nobody says goodbye: what the next process knows is in the file already.
    const after = network()
    const restarted = await gateway(afterKill(t, directory), after.ways, impatient)
    t.after(() => restarted.stop())
    assert.equal(await statusOf(send(endpoint, restarted.sipPort())), 202)
    assert.equal(before.forwarded.length, 1)
    assert.equal(after.forwarded.length, 0)
    assert.equal(await statusOf(unanswered), 202)
  })

  test('a message that was delivered before a restart is not sent again: the copy gets the same 200', async (t) => {
    const directory = folder(t)
    const before = network()
    const first = await gateway(directory, before.ways)
    const endpoint = await phone(t)
    assert.equal(await statusOf(send(endpoint, first.sipPort())), 200)
    await first.stop()
    const after = network()
    const second = await gateway(directory, after.ways)
    t.after(() => second.stop())
    assert.equal(await statusOf(send(endpoint, second.sipPort())), 200)
    assert.equal(after.forwarded.length, 0)
    const response = await fetch(`http://127.0.0.1:${second.port()}/api/messages?callId=one-call`)
    assert.equal(((await response.json()) as unknown[]).length, 1)
    assert.equal(await statusOf(send(endpoint, second.sipPort(), 'another-call')), 200)
    assert.equal(after.forwarded.length, 1)
  })

  test('TS 29.338 §5.2.3: a report that is owed to the HSS outlives a kill, and is made until it is taken', async (t) => {
    const directory = folder(t)
    const home = { protocol: 's6c', waiting: true, singleAttempt: true } as const
    const { ways } = network()
    /** The same network; how its HSS takes reports is `take`. */
    const hss = (take: () => Promise<{ kind: 'done' }>) => {
      const seen: SmOutcome[] = []
      const { promise: asked, resolve: ask } = Promise.withResolvers<void>()
      const told: Network = {
        ...ways,
        queries: {
          ...ways.queries,
          route: async (...question) =>
            ({ ...(await ways.queries.route(...question)), home }) as RoutingAnswer,
        },
        statuses: {
          s6c: (outcome) => {
            seen.push(outcome)
            ask()
            return take()
          },
        },
      }
      return { seen, asked, told }
    }
    const { promise: never, resolve: release } = Promise.withResolvers<{ kind: 'done' }>()
    const silent = hss(() => never)
    const killed = await gateway(directory, silent.told)
    t.after(() => {
      release({ kind: 'done' })
      return killed.stop()
    })
    assert.equal(await statusOf(send(await phone(t), killed.sipPort())), 200)
    await silent.asked
    // Nothing is flushed and nobody says goodbye.
    const willing = hss(async () => ({ kind: 'done' }))
    const onDisk = afterKill(t, directory)
    const restarted = await gateway(onDisk, willing.told)
    await willing.asked
    assert.deepEqual(willing.seen, silent.seen)
    await restarted.stop()
    const later = hss(async () => ({ kind: 'done' }))
    const again = await gateway(onDisk, later.told)
    await again.stop()
    assert.deepEqual(later.seen, [], 'what was taken is not reported again')
  })

  test('personal data: the journal holds neither text nor TPDU', async (t) => {
    const directory = folder(t)
    const { forwarded, ways } = network()
    const standalone = await gateway(directory, ways)
    t.after(() => standalone.stop())
    assert.equal(await statusOf(send(await phone(t), standalone.sipPort())), 200)
    const [tpdu] = forwarded
    assert.ok(tpdu !== undefined)
    const journal = readFileSync(join(directory, 'journal.ndjson'), 'utf8')
    assert.match(journal, /message\.completed/)
    for (const secret of ['Hello', tpdu, Buffer.from(tpdu, 'hex').toString('base64')])
      assert.ok(!journal.includes(secret))
  })

  test('a second gateway on the same journal does not start and says why', async (t) => {
    const directory = folder(t)
    const standalone = await gateway(directory, network().ways)
    t.after(() => standalone.stop())
    await assert.rejects(gateway(directory, network().ways), /the journal in .* belongs to process \d+/)
  })

  test('a busy SIP port is one sentence that names the setting', async (t) => {
    const taken = await phone(t)
    const [address] = taken.addresses()
    await assert.rejects(
      gateway(folder(t), network().ways, { sip: { ...BASE.sip, port: address?.port } }),
      /SIP port 127\.0\.0\.1:\d+ is already in use; choose another one with IPSMGW_SIP_PORT/,
    )
  })

  test('a stop waits for a silent node no longer than the grace, and its sender hears 202', async (t) => {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const { promise: never, resolve: release } = Promise.withResolvers<void>()
    t.after(() => release())
    const { ways } = network(() => {
      leave()
      return never
    })
    const standalone = await gateway(folder(t), ways, { delivery: { drainMs: 100 } })
    const status = statusOf(send(await phone(t), standalone.sipPort()))
    await left
    const begunAtMs = performance.now()
    await standalone.stop()
    assert.equal(await status, 202)
    assert.ok(performance.now() - begunAtMs < 15_000, 'far below the time that its sender would have waited')
  })

  test('/readyz names every part, and is 503 from the moment the stop begins', async (t) => {
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>()
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const { ways } = network(() => {
      leave()
      return acknowledged
    })
    const standalone = await gateway(folder(t), ways)
    const readyz = () => fetch(`http://127.0.0.1:${standalone.port()}/readyz`)
    const ready = await readyz()
    assert.equal(ready.status, 200)
    assert.equal(((await ready.json()) as { parts: Record<string, string> }).parts['sip-ingress'], 'ok')
    const endpoint = await phone(t)
    const status = statusOf(send(endpoint, standalone.sipPort()))
    await left
    const stopped = standalone.stop()
    assert.equal((await readyz()).status, 503)
    assert.equal(await statusOf(send(endpoint, standalone.sipPort(), 'too-late')), 503)
    acknowledge()
    assert.equal(await status, 200)
    await stopped
  })
})
