// neighbours: sipp, kamailio
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { NODE_KINDS, type NodeKind } from '@ipsmgw/test/lab'
import { type StartedGateway, startGateway } from '../../support/gateway-process.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort } from '../../support/processes.ts'
import { startKamailio } from './kamailio.ts'
import { runSipp, type SippMessage } from './sipp.ts'

const MESSAGES = 2_000
const RATE_PER_SECOND = 200

for (const node of NODE_KINDS) runsTo(node)

function runsTo(node: NodeKind): void {
  describe(`TS 23.204 §6.13: SIPp sends ${MESSAGES} instant messages at ${RATE_PER_SECOND} a second to phones on the ${node}`, () => {
    let gateway: StartedGateway
    /** What phones got in an earlier run they still hold. */
    const sent: SippMessage[] = []
    before(async () => {
      gateway = await startGateway({ IPSMGW_LAB_DEFAULT_NODE: node })
    })
    after(() => gateway.stop())

    /** All are answered 200, and every text is on its phone exactly once. */
    async function deliverAll(port: number, transport: 'udp' | 'tcp', way: string): Promise<void> {
      const messages = differentMessages(MESSAGES, (i) => `Message ${i} ${way} over ${transport}, worth 5 €`)
      const { successful, failed, output } = await runSipp({
        target: `127.0.0.1:${port}`,
        transport,
        ratePerSecond: RATE_PER_SECOND,
        messages,
        localPort: await freePort(),
      })
      assert.deepEqual({ successful, failed }, { successful: MESSAGES, failed: 0 }, output)
      sent.push(...messages)
      await assertDelivered(gateway.url, sent)
    }

    for (const transport of ['udp', 'tcp'] as const) {
      test(`straight, over ${transport}: as many 200 OK, each text on its phone exactly once`, () =>
        deliverAll(gateway.sipPort, transport, 'straight'))

      test(`through Kamailio in the S-CSCF's place, over ${transport}: the same`, async () => {
        const port = await freePort()
        const kamailio = await startKamailio({ listenPort: port, gateways: [gateway.sipPort], transport })
        try {
          await deliverAll(port, transport, 'by a proxy')
        } finally {
          await kamailio.stop()
        }
      })
    }
  })
}
