// neighbours: sipp, kamailio-tls
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Authority } from '../../support/certificates.ts'
import { freePorts, type StartedGateway, startGateway } from '../../support/gateway-process.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort } from '../../support/processes.ts'
import { startKamailio } from './kamailio.ts'
import { runSipp } from './sipp.ts'

const MESSAGES = 2_000
const RATE_PER_SECOND = 200

/** Debian's SIPp is built without TLS: Kamailio speaks it, as the S-CSCF before a gateway does. */
describe('RFC 3261 §26.2: SIPp behind Kamailio, which sends over mutual TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-sipp-tls-'))
  const authority = new Authority(folder)
  const own = authority.issue('gateway', 'ipsmgw.ims.example', 'IP:127.0.0.1')
  const scscf = authority.issue('scscf', 'scscf1.ims.example')
  const other = authority.issue('other', 'other.ims.example')
  let gateway: StartedGateway
  let tlsPort: number

  before(async () => {
    const [plain = 0, tls = 0] = await freePorts(2)
    tlsPort = tls
    const host = '127.0.0.1'
    gateway = await startGateway(
      {},
      {
        sip: {
          listeners: [
            { transport: 'tcp', host, port: plain },
            { transport: 'tls', host, port: tls },
          ],
          tls: {
            certificateFile: own.certificateFile,
            keyFile: own.keyFile,
            authoritiesFile: authority.file,
          },
          peers: [{ name: 'scscf', tlsNames: ['scscf1.ims.example'] }],
        },
      },
    )
  })
  after(async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function send(count: number, credentials: typeof scscf, text: string) {
    const listenPort = await freePort()
    const kamailio = await startKamailio({
      listenPort,
      gateways: [tlsPort],
      transport: 'tls',
      tls: { own: credentials, authorityFile: authority.file },
    })
    try {
      const messages = differentMessages(count, (i) => `Message ${i} ${text}`)
      const result = await runSipp({
        target: `127.0.0.1:${listenPort}`,
        transport: 'tcp',
        ratePerSecond: RATE_PER_SECOND,
        messages,
        localPort: await freePort(),
      })
      return { messages, ...result }
    } finally {
      await kamailio.stop()
    }
  }

  test(`${MESSAGES} messages at ${RATE_PER_SECOND} a second: as many 200 OK, each text on its phone exactly once`, async () => {
    const { messages, successful, failed, output } = await send(MESSAGES, scscf, 'over TLS')
    assert.deepEqual({ successful, failed }, { successful: MESSAGES, failed: 0 }, output)
    await assertDelivered(gateway.url, messages)
  })

  test('a proxy whose certificate bears no name of a peer gets 403 for all, and nothing is delivered', async () => {
    const { successful, failed, output } = await send(20, other, 'of nobody')
    assert.deepEqual({ successful, failed }, { successful: 0, failed: 20 }, output)
    assert.match(output, /403 Forbidden/)
  })
})
