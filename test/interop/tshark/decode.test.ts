// neighbours: sipp, tshark, capture
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type StartedGateway, startGateway } from '../../support/gateway-process.ts'
import { assertDelivered, differentMessages } from '../../support/load.ts'
import { freePort } from '../../support/processes.ts'
import { runSipp } from '../sip/sipp.ts'
import { Capture } from './capture.ts'

/** Texts of every kind: 7 bit with extension, UCS2 with an emoji, several parts of both. */
const TEXTS = [
  'A note in the default alphabet, worth 5 €',
  'Привет, увидимся в восемь 😀',
  `A long one: ${'the quick brown fox jumps over the lazy dog, '.repeat(7)}end`,
  `Длинное сообщение 😀 ${'и ещё немного текста, '.repeat(7)}конец`,
]
const MESSAGES = 100
const PARTS = [1, 1, 3, 3]

describe('TS 23.204 §6.13: a capture of a run, read by tshark', () => {
  let gateway: StartedGateway
  let capture: Capture
  let rules: string[]

  before(async () => {
    // Diameter is captured here; MAP has a run of its own in `sigtran.test.ts`.
    gateway = await startGateway({ IPSMGW_LAB_DEFAULT_NODE: 'mme' })
    const { hss, mme, sgsn } = gateway.labPorts
    const { sipPort } = gateway
    rules = [
      `udp.port==${sipPort},sip`,
      `tcp.port==${sipPort},sip`,
      ...[hss, mme, sgsn].map((port) => `tcp.port==${port},diameter`),
    ]
    capture = await Capture.start([sipPort, hss, mme, sgsn])
    for (const transport of ['udp', 'tcp'] as const) await send(transport)
    await capture.stop()
  })
  after(async () => {
    capture?.remove()
    await gateway?.stop()
  })

  async function send(transport: 'udp' | 'tcp'): Promise<void> {
    const messages = differentMessages(MESSAGES, (i) => `${transport} ${i}: ${TEXTS[i % TEXTS.length]}`)
    const { successful, output } = await runSipp({
      target: `127.0.0.1:${gateway.sipPort}`,
      transport,
      ratePerSecond: 50,
      messages,
      localPort: await freePort(),
    })
    assert.equal(successful, MESSAGES, output)
  }

  /** How often a field's value occurs in the capture. */
  async function count(field: string, filter: string): Promise<Map<string, number>> {
    const lines = await capture.read(rules, ['-Y', filter, '-T', 'fields', '-e', field])
    const values = lines.split(/[\n,]/).filter((value) => value !== '')
    return new Map([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]))
  }

  test('no packet is malformed and none has an expert item of severity error', async () => {
    const lines = await capture.read(rules, ['-Y', '_ws.malformed or _ws.expert.severity == "Error"', '-V'])
    assert.equal(lines, '')
  })

  test('RFC 3428: as many MESSAGE requests as were sent, each with its 200', async () => {
    assert.deepEqual(
      await count('sip.Method', 'sip.Method == "MESSAGE"'),
      new Map([['MESSAGE', 2 * MESSAGES]]),
    )
    assert.equal((await count('sip.Status-Code', 'sip.Status-Code == 200')).get('200'), 2 * MESSAGES)
  })

  test('TS 29.338: one routing query and answer a message, one forward and answer a part', async () => {
    const parts = Array.from({ length: MESSAGES }, (_, i) => PARTS[i % PARTS.length] ?? 0)
    const forwards = 2 * parts.reduce((sum, n) => sum + n, 0)
    const commands = await count('diameter.cmd.code', 'diameter')
    assert.equal(commands.get('8388647'), 2 * 2 * MESSAGES, 'SRR and SRA')
    assert.equal(commands.get('8388646'), 2 * forwards, 'TFR and TFA')
  })

  test('TS 23.040: each forwarded part is read as an SMS-DELIVER with its text', async () => {
    const texts = await capture.read(rules, [
      ...['-Y', 'gsm_sms and diameter.flags.request == 1'],
      ...['-T', 'fields', '-e', 'gsm_sms.sms_text'],
    ])
    for (const transport of ['udp', 'tcp'])
      for (let i = 0; i < MESSAGES; i++)
        assert.ok(
          texts.includes(`${transport} ${i}: ${[...(TEXTS[i % TEXTS.length] ?? '')].slice(0, 10).join('')}`),
          `${transport} ${i}`,
        )
  })

  test('the phones hold what was sent, so the capture shows a run that worked', () =>
    assertDelivered(
      gateway.url,
      (['udp', 'tcp'] as const).flatMap((transport) =>
        differentMessages(MESSAGES, (i) => `${transport} ${i}: ${TEXTS[i % TEXTS.length]}`),
      ),
    ))
})
