import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Collector } from '../interop/ops/collector.ts'
import { eventually } from '../support/eventually.ts'
import { type StartedGateway, startGateway } from '../support/gateway-process.ts'
import { ROOT } from '../support/processes.ts'
import { Sender } from './sender.ts'

const PRELOAD = pathToFileURL(join(ROOT, 'libs/telemetry/src/preload.ts')).href
const PEER = '127.0.0.11'
const NUMBER = '447700912345'
const NAME = 'Wilhelmina'
const NODES = ['msc', 'mme', 'sgsn'] as const
/** More than one part, so that a concatenation reference is seen too. */
const TEXT = 'A text of several parts '.repeat(12)

/** What would give the sender away: digits, semi-octets of either alignment, base64 in its three phases, the name. */
function traces(): string[] {
  const swap = (digits: string) => digits.replace(/(.)(.)/g, '$2$1')
  const base64 = (text: string) =>
    [0, 1, 2].map((pad) => Buffer.from('x'.repeat(pad) + text).toString('base64'))
  const national = NUMBER.slice(2)
  return [
    national,
    swap(national),
    swap(national.slice(1, -1)),
    Buffer.from(national).toString('hex'),
    ...base64(national).map((text) => text.slice(4, 14)),
    NAME,
    NAME.toLowerCase(),
    Buffer.from(NAME).toString('hex'),
  ]
}

describe('a sender who hides, in a process that logs and traces all it can', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-hidden-'))
  let collector: Collector
  let gateway: StartedGateway
  let sender: Sender

  before(async () => {
    collector = await Collector.start()
    const file = join(folder, 'policy.yaml')
    const authorisation = { senderDomains: ['ims.example'] }
    writeFileSync(file, JSON.stringify({ anonymity: { mode: 'allow' }, authorisation }))
    gateway = await startGateway(
      { ...collector.environment(PRELOAD), LOG_LEVEL: 'trace' },
      { sip: { peers: [{ name: 'scscf', addresses: [PEER] }] }, policy: { file } },
    )
    sender = await Sender.open(PEER, { host: '127.0.0.1', port: gateway.sipPort })
  })
  after(async () => {
    await sender?.close()
    await gateway?.stop()
    collector.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const get = async (path: string, accept = '*/*') =>
    (await fetch(`${gateway.url}${path}`, { headers: { accept } })).text()

  test('the number is in no TPDU, request to HSS and nodes, span, log line, metric, exemplar or record of the message API', async () => {
    const callIds: string[] = []
    for (const [index, node] of NODES.entries()) {
      const to = `44790076000${index}`
      await fetch(`${gateway.url}/lab/subscribers/${to}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ behaviour: 'reachable', node }),
      })
      const answer = await sender.send({
        to,
        text: TEXT,
        asserted: `"${NAME}" <sip:+${NUMBER}@ims.example;user=phone>, <tel:+${NUMBER}>`,
        from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
        headers: [['Privacy', 'id']],
      })
      assert.equal(answer.status, 200)
      callIds.push(answer.callId)
    }
    const finished = () => collector.spans.filter(({ name }) => name === 'SIP MESSAGE').length
    await eventually(() => finished() === NODES.length, 'the traces are there', 10_000)
    const places: Record<string, string> = {
      phones: (await Promise.all(NODES.map((_, i) => get(`/lab/phones/44790076000${i}/messages`)))).join(),
      'requests to HSS and HLR': await get('/lab/hss/log'),
      'requests to nodes': await get('/lab/nodes/log'),
      spans: collector.text,
      log: gateway.output(),
      metrics: await get('/metrics'),
      exemplars: await get('/metrics', 'application/openmetrics-text'),
      records: (await Promise.all(callIds.map((id) => get(`/api/messages?callId=${id}`)))).join(),
    }
    assert.match(places.phones ?? '', /"originator":"Anonymous"/)
    assert.match(places.log ?? '', /message accepted/)
    assert.match(places.records ?? '', /"outcome":"delivered"/)
    for (const [place, content] of Object.entries(places)) {
      assert.ok(content.length > 100, `${place}: ${content}`)
      for (const trace of traces()) assert.ok(!content.includes(trace), `${place} hold ${trace}`)
    }
    assert.ok(!collector.text.includes('A text of several'), 'the text in a span')
  })

  test('the same search finds a sender who does not hide, on the phone and at the nodes', async () => {
    const to = '447900760009'
    assert.equal((await sender.send({ to, asserted: `<tel:+${NUMBER}>` })).status, 200)
    const found = (content: string) => traces().some((trace) => content.includes(trace))
    assert.ok(found(await get(`/lab/phones/${to}/messages`)))
    assert.ok(found(await get('/lab/nodes/log')))
  })
})
