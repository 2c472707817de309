// neighbours: kafka, sipp, kamailio
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Installation, type Replica } from '../../support/installation.ts'
import { assertDelivered, differentMessages, slowPhones } from '../../support/load.ts'
import { freePort } from '../../support/processes.ts'
import { startKamailio } from './kamailio.ts'
import { runSipp } from './sipp.ts'

const MESSAGES = 3_000
const RATE_PER_SECOND = 100
/** When the instance is killed: messages are under way on it. */
const KILLED_AFTER_MS = 10_000
/** Long enough that some are. */
const PAGING_MS = 400
/** How long the proxy waits for one instance; the sender's own patience is 32 s. */
const PATIENCE_MS = 6_000

describe('an S-CSCF that fails over between two instances of sip-ingress before one pipeline', () => {
  let installation: Installation
  let instances: readonly [Replica, Replica]

  before(async () => {
    installation = await Installation.start()
    const { 'sip-ingress': first } = await installation.addAll()
    instances = [first, await installation.add('sip-ingress', 1)]
    await slowPhones(installation.lab.url, PAGING_MS)
  })
  after(() => installation?.stop())

  async function load(text: string, whileRunning: () => Promise<void>) {
    const listenPort = await freePort()
    const kamailio = await startKamailio({
      listenPort,
      gateways: instances.map(({ sipPort }) => sipPort),
      transport: 'tcp',
      patienceMs: PATIENCE_MS,
    })
    try {
      const messages = differentMessages(MESSAGES, (i) => `Message ${i} ${text}`)
      const [result] = await Promise.all([
        runSipp({
          target: `127.0.0.1:${listenPort}`,
          transport: 'tcp',
          ratePerSecond: RATE_PER_SECOND,
          messages,
          localPort: await freePort(),
        }),
        whileRunning(),
      ])
      return { ...result, messages }
    } finally {
      await kamailio.stop()
    }
  }

  test(`one of two is killed under ${RATE_PER_SECOND} messages a second: every message gets its 200, each text is on its phone exactly once`, async (t) => {
    const { successful, failed, responseTimesMs, messages, output } = await load('fails over', async () => {
      await delay(KILLED_AFTER_MS)
      await instances[0].process.stop('SIGKILL')
    })
    const late = responseTimesMs.filter((ms) => ms > PATIENCE_MS).length
    t.diagnostic(`${late} of ${MESSAGES} went over to the other instance after ${PATIENCE_MS} ms`)
    assert.deepEqual(
      { successful, failed },
      { successful: MESSAGES, failed: 0 },
      `${output}\n${installation.words()}`,
    )
    assert.ok(late > 0, 'nothing was under way on the killed instance')
    await assertDelivered(installation.lab.url, messages)
  })
})
