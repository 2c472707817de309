import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { spyOnBus } from './bus-spy.ts'
import { GatewayInLab, type GatewayOptions, SCSCF } from './gateway.ts'
import { Sender } from './sender.ts'

let numbers = 447_900_500_000
const anybody = () => String(++numbers)

async function open(t: TestContext, options: GatewayOptions) {
  const gateway = await GatewayInLab.start(options)
  const sender = await Sender.open(SCSCF, gateway.sip)
  t.after(async () => {
    await sender.close()
    await gateway.stop()
  })
  return { gateway, sender }
}

test('done when hidden: the number of the sender is in no TPDU, later topic, key, log line, metric or answer', async (t) => {
  const published = spyOnBus(t)
  const { gateway, sender } = await open(t, { policy: { anonymity: { mode: 'allow' } } })
  const to = anybody()
  const secret = '447700912345'
  const answer = await sender.send({
    to,
    asserted: `<tel:+${secret}>`,
    from: '"Anonymous" <sip:anonymous@anonymous.invalid>',
    headers: [['Privacy', 'id']],
    text: 'x'.repeat(300),
  })
  assert.equal(answer.status, 200)
  await gateway.message(answer.callId)
  const swapped = secret.replace(/(.)(.)/g, '$2$1')
  const places = {
    tpdus: gateway.lab.phones
      .messagesOf(to)
      .flatMap(({ tpdus }) => [...tpdus, ...tpdus.map((x) => Buffer.from(x, 'hex').toString('latin1'))]),
    records: published.filter(({ topic }) => !['im.received', 'message.completed'].includes(topic)),
    keys: published.map(({ key }) => key),
    logs: gateway.logged,
    metrics: await (await fetch(gateway.url('/metrics'))).text(),
    api: await gateway.message(answer.callId),
  }
  assert.ok(published.some(({ topic }) => topic === 'sm.routed'))
  for (const [place, content] of Object.entries(places)) {
    const text = JSON.stringify(content)
    for (const trace of [
      secret,
      swapped,
      secret.slice(2),
      Buffer.from(secret).toString('base64').slice(0, 14),
    ])
      assert.ok(!text.includes(trace), `${place} holds the number`)
  }
})

test('rates: the sender who exceeds its own gets 480 with Retry-After, others go on', async (t) => {
  const { sender } = await open(t, { policy: { rates: { sender: [{ messages: 2, withinSeconds: 600 }] } } })
  const statuses: number[] = []
  for (let i = 0; i < 3; i++) statuses.push((await sender.send({ to: anybody() })).status)
  assert.deepEqual(statuses, [200, 200, 480])
  const refused = await sender.send({ to: anybody() })
  assert.equal(refused.header('retry-after'), '300')
  assert.equal((await sender.send({ to: anybody(), asserted: '<tel:+447700900222>' })).status, 200)
})

test('content check: refused is 403, no verdict in time is the default, and nobody waits for another', async (t) => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk))
    request.on('end', () => {
      const { text, sender } = JSON.parse(body)
      assert.equal(sender, undefined)
      if (text !== 'silent') response.end(JSON.stringify({ verdict: text === 'spam' ? 'refuse' : 'deliver' }))
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await eventually(() => server.listening, 'the checker listens')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { gateway, sender } = await open(t, { policy: { contentCheck: { url, timeoutMs: 400 } } })
  const silent = sender.send({ to: anybody(), text: 'silent' })
  const [ham, spam] = await Promise.all(['ham', 'spam'].map((text) => sender.send({ to: anybody(), text })))
  assert.deepEqual([ham?.status, spam?.status], [200, 403])
  assert.ok((ham?.elapsedMs ?? 1_000) < 400)
  assert.equal((await silent).status, 480)
  assert.equal(gateway.lab.nodesLog.entries().length, 1)
})

test('charging records: one for a success and one for a failure, with icid and nodes', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ipsmgw-charging-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const gateway = await GatewayInLab.start({ records: { charging: { directory, format: 'json' } } })
  const sender = await Sender.open(SCSCF, gateway.sip)
  const absent = anybody()
  gateway.set(absent, { behaviour: 'absent' })
  const headers = [['P-Charging-Vector', 'icid-value=icid-9;orig-ioi=home1.example']] as const
  await sender.send({ to: anybody(), headers })
  await sender.send({ to: absent, headers })
  await sender.close()
  await gateway.stop()
  const lines = readdirSync(directory).flatMap((name) =>
    readFileSync(join(directory, name), 'utf8').trim().split('\n'),
  )
  const records = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    records.map((r) => [r.outcome, r.sipStatus, r.icid, r.partsDelivered, typeof r.servingNode]),
    [
      ['delivered', 200, 'icid-9', 1, 'string'],
      ['failed', 480, 'icid-9', 0, 'string'],
    ],
  )
})
