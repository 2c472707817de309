import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { GatewayInLab, SCSCF, STRANGER } from './gateway.ts'
import { SENDER, Sender } from './sender.ts'

const TO = '447900960001'

describe('one record per message, successes, failures and refusals alike', () => {
  let gateway: GatewayInLab
  let directory: string
  let sender: Sender

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'ipsmgw-charging-'))
    gateway = await GatewayInLab.start({ records: { charging: { directory, format: 'json' } } })
    gateway.set(TO, { behaviour: 'reachable', node: 'mme' })
    sender = await Sender.open(SCSCF, gateway.sip)
  })
  after(async () => {
    await sender.close()
    await gateway.stop()
    rmSync(directory, { recursive: true })
  })

  const recordsOf = (callId: string) =>
    readdirSync(directory)
      .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').filter(Boolean))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((record) => record.callId === callId)

  test('a success names TP-OA and the IMSI that routing gave; the message API masks them', async () => {
    const { callId, status } = await sender.send({ to: TO })
    assert.equal(status, 200)
    const record = await eventually(() => recordsOf(callId)[0], 'a charging record')
    assert.equal(record.originator, SENDER)
    assert.match(String(record.recipientImsi), /^\d{15}$/)
    const shown = JSON.stringify(await gateway.messages(callId))
    assert.ok(!shown.includes(String(record.recipientImsi)) && !shown.includes(SENDER.slice(1)), shown)
  })

  const refusals: readonly [string, Parameters<Sender['send']>[0], number][] = [
    ['an image', { to: TO, contentType: 'image/png' }, 415],
    [
      'a served user who is the sender',
      { to: TO, headers: [['P-Served-User', `<tel:+${TO}>;sescase=orig`]] },
      403,
    ],
    ['no asserted identity', { to: TO, asserted: null }, 403],
  ]
  for (const [what, sending, status] of refusals)
    test(`${what}: refused before the pipeline, on record once`, async () => {
      const answer = await sender.send(sending)
      assert.equal(answer.status, status)
      const record = await eventually(() => recordsOf(answer.callId)[0], 'a charging record')
      assert.deepEqual(
        [record.kind, record.outcome, record.sipStatus, record.peer, record.parts],
        ['refusal', 'failed', status, 'scscf', 0],
      )
      assert.equal(recordsOf(answer.callId).length, 1)
      const shown = await gateway.message(answer.callId)
      assert.deepEqual([shown.status, shown.outcome], [status, 'failed'])
    })

  test('who is no peer makes no record', async () => {
    const stranger = await Sender.open(STRANGER, gateway.sip)
    const refused = await stranger.send({ to: TO })
    await stranger.close()
    assert.equal(refused.status, 403)
    const { callId } = await sender.send({ to: TO })
    await eventually(() => recordsOf(callId)[0], 'the record of what came after it')
    assert.deepEqual(recordsOf(refused.callId), [])
  })
})
