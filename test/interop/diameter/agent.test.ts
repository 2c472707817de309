// neighbours: freeDiameterd
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig } from '@ipsmgw/config'
import type { PeerStatus } from '@ipsmgw/diameter'
import { loadPolicy } from '@ipsmgw/policy'
import { createStandalone, type Standalone, standaloneSchema } from '@ipsmgw/standalone'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { createLab, LAB_GATEWAY, LAB_NODES, type Lab } from '@ipsmgw/test/lab'
import { type Answer, Sender } from '../../e2e/sender.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/processes.ts'
import { AGENT, Agent } from './agent.ts'

const HOST = '127.0.0.1'
const SCSCF = '127.0.0.11'
const GATEWAY = { ...LAB_GATEWAY.diameter, serviceCentre: LAB_GATEWAY.routing.serviceCentre }
const RATE = 200
const SECONDS = 8

describe('RFC 6733 §2.8: freeDiameter as agent between the gateway and all its Diameter neighbours', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-agent-'))
  let lab: Lab
  let agent: Agent
  let gateway: Standalone
  let sender: Sender
  let numbers = 447_900_300_000

  before(async () => {
    lab = createLab({ host: HOST, ports: { hss: 0, mme: 0, sgsn: 0, stp: 0 }, defaultNode: 'mme' })
    await lab.start()
    const { hss, mme } = lab.ports()
    agent = new Agent(await freePort(), [
      { identity: LAB_NODES.hss.identity, port: hss },
      { identity: LAB_NODES.mme.identity, port: mme },
    ])
    await agent.start()
    gateway = createStandalone(settings(await freePort()), {
      registry: createRegistry('standalone', 'test'),
      logger: createLogger({ service: 'standalone', level: 'silent' }),
      version: 'test',
      policy: () => loadPolicy(),
      fatal: (error) => {
        throw error
      },
    })
    await gateway.start()
    await eventually(async () => (await peer()).state === 'iOpen', 'the agent is connected')
    sender = await Sender.open(SCSCF, { host: HOST, port: gateway.sipPort() })
    // The agent may know the gateway sooner than the nodes behind it.
    await eventually(async () => (await send()).status === 200, 'the way through the agent is open', 20_000)
  })

  after(async () => {
    await sender?.close()
    await lab?.stop()
    await gateway?.stop()
    await agent?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function settings(sipPort: number) {
    return loadConfig(standaloneSchema, {
      environment: {},
      base: {
        http: { port: 0 },
        // One number for UDP and TCP, as peers expect.
        sip: { port: sipPort, peers: [{ name: 'scscf', addresses: [SCSCF] }], answerByMs: 6_000 },
        diameter: {
          ...LAB_GATEWAY.diameter,
          peers: [{ identity: AGENT, host: HOST, port: agent.port, realms: ['lab.invalid'] }],
        },
        routing: { ...LAB_GATEWAY.routing, singleAttempt: false, attemptMs: 500, budgetMs: 1_500 },
        delivery: { firstPartMs: 100, furtherPartMs: 50, busyRetryMs: 100 },
        journal: { directory: folder },
      },
    }).config
  }

  async function peer(): Promise<PeerStatus> {
    const response = await fetch(`http://${HOST}:${gateway.port()}/api/peers`)
    return ((await response.json()) as PeerStatus[])[0] ?? assert.fail('no peer')
  }

  function send(to = String(numbers++)): Promise<Answer> {
    return sender.send({ to, text: `To ${to}` })
  }

  const reports = (msisdn: string) => lab.hssLog.entries(msisdn).filter(({ command }) => command === 'RDR')

  test('TS 29.338 §5, §6: routing and delivery pass through the agent, which names itself to nobody', async () => {
    const to = String(numbers++)
    const answer = await send(to)
    assert.equal(answer.status, 200)
    assert.equal(lab.phones.messagesOf(to).length, 1)
    const [routing] = lab.hssLog.entries(to)
    assert.equal(routing?.from, LAB_GATEWAY.diameter.originHost)
  })

  test('TS 29.338 §5.2.3: absence is reported through the agent, after the sender has its answer', async () => {
    const to = String(numbers++)
    lab.subscribers.set(to, { behaviour: 'absent', node: 'mme' })
    assert.equal((await send(to)).status, 480)
    const [report] = await eventually(() => reports(to).length > 0 && reports(to), 'the HSS has the report')
    assert.equal(report?.from, LAB_GATEWAY.diameter.originHost)
    assert.equal(reports(to).length, 1)
  })

  test('TS 23.040 §9: a success is reported when the HSS has waiting data, and only then', async () => {
    const [waiting, other] = [String(numbers++), String(numbers++)]
    lab.subscribers.set(waiting, { behaviour: 'reachable', node: 'mme', waiting: true })
    assert.equal((await send(other)).status, 200)
    assert.equal((await send(waiting)).status, 200)
    await eventually(() => reports(waiting).length > 0, 'the HSS has the report')
    assert.equal(reports(other).length, 0)
  })

  test('TS 29.338 §5.2.2: an alert of the HSS finds the gateway through the agent', async () => {
    assert.equal(await lab.alert(String(numbers), GATEWAY), 2001)
    assert.equal(await lab.alert(String(numbers), { ...GATEWAY, serviceCentre: '15550009999' }), 5004)
  })

  test('RFC 3539 §3.4.1: a quiet line is kept by watchdogs', async () => {
    const before = await peer()
    await eventually(async () => (await peer()).received > before.received, 'a watchdog message', 15_000)
    const { state, watchdog, since } = await peer()
    assert.deepEqual({ state, watchdog, since }, { state: 'iOpen', watchdog: 'okay', since: before.since })
  })

  test('the agent is killed and started again under 200 messages a second: every answer is true', async () => {
    const sent = new Map<string, Promise<Answer>>()
    const startedAtMs = performance.now()
    const faults = (async () => {
      await delay(2_000)
      await agent.kill()
      await delay(1_000)
      await agent.start()
    })()
    for (let count = 0; count < RATE * SECONDS; count++) {
      const to = String(numbers++)
      sent.set(to, send(to))
      await delay(Math.max(0, startedAtMs + (count * 1_000) / RATE - performance.now()))
    }
    await faults
    const tally = new Map<number, number>()
    for (const [to, answer] of sent) {
      const { status } = await answer
      tally.set(status, (tally.get(status) ?? 0) + 1)
      const held = lab.phones.messagesOf(to).length
      assert.ok(held <= 1, `${to} holds the SMS ${held} times`)
      if (status === 200) assert.equal(held, 1, `${to} was answered 200`)
      else if (status !== 202) assert.equal(held, 0, `${to} was answered ${status}`)
    }
    assert.equal(tally.get(0), undefined, 'every sender has an answer')
    assert.ok((tally.get(200) ?? 0) > RATE, 'traffic passed')
    assert.ok((tally.get(480) ?? 0) > 0, 'and was refused while there was no agent')
    assert.deepEqual(
      [...tally.keys()].filter((status) => ![200, 202, 480].includes(status)),
      [],
    )
    await eventually(async () => (await send()).status === 200, 'the way is open again', 30_000)
  })
})
