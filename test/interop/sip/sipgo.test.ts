// neighbours: go
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Authority } from '../../support/certificates.ts'
import { freePorts, type StartedGateway, startGateway } from '../../support/gateway-process.ts'
import { runSipgo } from './sipgo.ts'

const MESSAGES = 20
const HOST = '127.0.0.1'
const BY_ADDRESS = '127.0.0.11'
const SENDER = '+447700900111'
const PAGER_MESSAGE = readFileSync(new URL('../../vectors/cpm-pager-message.sip', import.meta.url), 'utf8')

describe('sipgo as the sender: another SIP stack in the S-CSCF’s place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-sipgo-'))
  const authority = new Authority(folder)
  const own = authority.issue('gateway', 'ipsmgw.ims.example', `IP:${HOST}`)
  const scscf = authority.issue('scscf', 'scscf1.ims.example')
  let gateway: StartedGateway
  let ports: Record<'udp' | 'tcp' | 'tls', number>
  let numbers = 447_900_740_000

  before(async () => {
    const [plain = 0, tls = 0] = await freePorts(2)
    ports = { udp: plain, tcp: plain, tls }
    const listeners = Object.entries(ports).map(([transport, port]) => ({ transport, host: HOST, port }))
    const { certificateFile, keyFile } = own
    gateway = await startGateway(
      {},
      {
        sip: {
          listeners,
          tls: { certificateFile, keyFile, authoritiesFile: authority.file },
          peers: [
            { name: 'by-name', tlsNames: ['scscf1.ims.example'] },
            { name: 'by-address', addresses: [BY_ADDRESS] },
          ],
        },
      },
    )
  })
  after(async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Bodies to numbers of their own; statuses, and what each phone holds. */
  async function send(transport: 'udp' | 'tcp' | 'tls', bodies: readonly string[], contentType: string) {
    const sent = bodies.map((body) => ({ body, to: String(++numbers) }))
    const answers = await runSipgo({
      transport,
      localAddress: transport === 'tls' ? HOST : BY_ADDRESS,
      from: `sip:${SENDER}@ims.example;user=phone`,
      headers: [['P-Asserted-Identity', `<tel:${SENDER}>`]],
      messages: sent.map(({ to, body }) => ({
        uri: `sip:+${to}@${HOST}:${ports[transport]};user=phone;transport=${transport}`,
        body,
        contentType,
      })),
      ...(transport === 'tls' && { tls: { ...scscf, authorityFile: authority.file } }),
    })
    const held = await Promise.all(sent.map(({ to }) => textsOf(to)))
    return { sent, answers, held }
  }

  async function textsOf(number: string): Promise<string[]> {
    const response = await fetch(`${gateway.url}/lab/phones/${number}/messages`)
    if (!response.ok) return []
    return ((await response.json()) as { text: string }[]).map(({ text }) => text)
  }

  for (const transport of ['udp', 'tcp', 'tls'] as const)
    test(`over ${transport}: ${MESSAGES} messages, as many 200, each text on its phone once`, async () => {
      const bodies = Array.from(
        { length: MESSAGES },
        (_, i) => `Message ${i} by sipgo over ${transport}, 5 €`,
      )
      const { answers, held } = await send(transport, bodies, 'text/plain')
      assert.deepEqual(
        answers.map(({ status }) => status),
        Array(MESSAGES).fill(200),
      )
      assert.deepEqual(
        held,
        bodies.map((body) => [body]),
      )
    })

  test('RFC 3261 §18.1.1 a datagram above 1300 octets: one long SMS', async () => {
    const body = 'Long '.repeat(280).trimEnd()
    const { answers, held } = await send('udp', [body], 'text/plain')
    assert.deepEqual([answers.map(({ status }) => status), held], [[200], [[body]]])
    assert.match(answers[0]?.answer ?? '', /^Via: SIP\/2\.0\/UDP /m)
  })

  test('the CPM body of test/vectors, octet by octet', async () => {
    const body = PAGER_MESSAGE.slice(PAGER_MESSAGE.indexOf('\r\n\r\n') + 4)
    const { answers, held } = await send('tcp', [body], 'message/cpim')
    assert.deepEqual([answers.map(({ status }) => status), held], [[200], [['Lalala']]])
  })

  test('a failure arrives as its status with Reason and Warning', async () => {
    const to = String(numbers + 1)
    await fetch(`${gateway.url}/lab/subscribers/${to}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ behaviour: 'absent' }),
    })
    const { answers } = await send('tcp', ['Hello'], 'text/plain')
    const [answer] = answers
    assert.deepEqual([answer?.status, answer?.reason], [480, 'Temporarily Unavailable'])
    assert.match(answer?.answer ?? '', /^Reason: Q\.850;cause=20;/m)
    assert.match(answer?.answer ?? '', /^Warning: 399 /m)
  })
})
