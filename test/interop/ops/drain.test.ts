// Each service is stopped under load as Kubernetes does it: its successor is ready first, traffic is turned away from
// it, then SIGTERM. About a minute and a half.
// neighbours: kafka, sipp
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../support/eventually.ts'
import { Installation, type Replica, SERVICES, type ServiceName } from '../../support/installation.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort } from '../../support/processes.ts'
import { runSipp, type SippMessage } from '../sip/sipp.ts'

const RATE_PER_SECOND = 200
const MESSAGES = 1_200
/** What a slow phone takes. */
const SLOW_MS = 4_000
/** Grace period that the chart gives, less its preStop. */
const GRACE_MS = 25_000

describe(`a service that is stopped at ${RATE_PER_SECOND} messages a second loses none`, () => {
  const sent: SippMessage[] = []
  let installation: Installation
  let replicas: Record<ServiceName, Replica>

  before(async () => {
    installation = await Installation.start()
    replicas = await installation.addAll()
  })
  after(() => installation?.stop())

  const load = async (what: string, count: number) => {
    const messages = differentMessages(count, (i) => `Message ${i} while ${what}`)
    sent.push(...messages)
    return runSipp({
      target: `127.0.0.1:${replicas['sip-ingress'].sipPort}`,
      transport: 'tcp',
      ratePerSecond: RATE_PER_SECOND,
      messages,
      localPort: await freePort(),
    })
  }

  /** Messages whose sender waits, as the ingress tells. */
  const waiting = async () => {
    const { httpPort } = replicas['sip-ingress']
    const metrics = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()
    return Number(/^ipsmgw_sip_open_messages(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? Number.NaN)
  }

  const stopped = async (replica: Replica) => {
    const startedAt = performance.now()
    const code = await installation.terminate(replica)
    const tookMs = performance.now() - startedAt
    assert.equal(code, 0, replica.process.output().slice(-3_000))
    assert.ok(tookMs < GRACE_MS, `${tookMs} ms`)
    assert.match(replica.process.output(), /"msg":"stopped"/)
    return tookMs
  }

  for (const service of SERVICES.filter((name) => name !== 'sip-ingress' && name !== 'records'))
    test(`${service}: all senders get 200, every text is on its phone once, exit code 0`, async (t) => {
      const running = load(`${service} goes`, MESSAGES)
      await eventually(async () => (await waiting()) > 0, 'load')
      const successor = await installation.add(service, replicas[service].ordinal + 1)
      const tookMs = await stopped(replicas[service])
      replicas[service] = successor
      t.diagnostic(`${service}: drained in ${Math.round(tookMs)} ms`)
      const { successful, failed, output } = await running
      assert.deepEqual(
        { successful, failed },
        { successful: MESSAGES, failed: 0 },
        output + installation.words(),
      )
      await assertDelivered(installation.lab.url, sent)
    })

  test('records: goes and comes back without touching a message', async () => {
    const running = load('records goes', MESSAGES / 4)
    await stopped(replicas.records)
    replicas.records = await installation.add('records')
    const { successful, output } = await running
    assert.equal(successful, MESSAGES / 4, output)
  })

  test('sip-ingress: what it has accepted is answered before it ends, exit code 0', async (t) => {
    // Phones that take their time, so that all senders still wait when nothing new comes any more.
    const messages = differentMessages(200, (i) => `Message ${i} while sip-ingress goes`)
    for (const { to } of messages)
      await fetch(`${installation.lab.url}/lab/subscribers/${to.slice(1)}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ behaviour: 'silent', delayMs: SLOW_MS }),
      })
    const running = load('sip-ingress goes', 200)
    await eventually(async () => (await waiting()) === 200, 'all senders wait')
    const tookMs = await stopped(replicas['sip-ingress'])
    t.diagnostic(`sip-ingress: drained in ${Math.round(tookMs)} ms`)
    const { successful, failed, output } = await running
    assert.deepEqual({ successful, failed }, { successful: 200, failed: 0 }, output)
    await assertDelivered(installation.lab.url, sent)
  })
})
