import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import type { MessageCompleted } from '@ipsmgw/events'
import { ChargingFiles } from './charging-files.ts'
import { CHARGING_FIELDS, type ChargingFormat } from './charging-record.ts'

const START = Date.UTC(2026, 10, 24, 12, 0, 0)

function completed(messageId: string, rest: Partial<MessageCompleted> = {}): MessageCompleted {
  return {
    kind: 'completion',
    messageId,
    recipientKey: 'k'.repeat(32),
    outcome: 'delivered',
    cause: 'delivered',
    partsDelivered: 1,
    parts: 1,
    receivedAtMs: START,
    decidedAtMs: START + 400,
    final: { status: 200, reasonPhrase: 'OK', headers: [] },
    callId: '=cmd("x"),1',
    sender: '+447700900111',
    recipient: '+447900123456',
    imsi: '001010000000001',
    originator: 'Anonymous',
    icid: 'icid-1',
    origIoi: 'home1.example',
    timeline: [
      { step: 'routed', by: 'hss-routing', atMs: START + 10, peer: 'hss1.example' },
      { step: 'attempted', by: 'sm-delivery', atMs: START + 20, part: 1, peer: 'mme1.example' },
      { step: 'acknowledged', by: 'sm-delivery', atMs: START + 390, part: 1, peer: 'mme1.example' },
    ],
    ...rest,
  }
}

async function files(t: TestContext, options: { format?: ChargingFormat; maximumOctets?: number } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'ipsmgw-charging-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const clock = { nowMs: START }
  const open = () =>
    new ChargingFiles(
      {
        directory,
        format: 'csv',
        maximumOctets: 1_000_000,
        maximumAgeMs: 60_000,
        keepMs: 0,
        instance: '3',
        ...options,
      },
      () => clock.nowMs,
    )
  const written = open()
  await written.start()
  return { written, directory, clock, open, names: () => readdirSync(directory).sort() }
}

describe('charging records, TS 32.274 in spirit', () => {
  test('CSV: a header, one line a record, what senders wrote is quoted and starts no formula', async (t) => {
    const { written, directory, names } = await files(t)
    await Promise.all([written.add(completed('message-1')), written.add(completed('message-2'))])
    await written.stop()
    assert.deepEqual(names(), ['ipsmgw-3-20261124T120000Z-000001.csv'])
    const [head, first, second, end] = readFileSync(join(directory, names()[0] ?? ''), 'utf8').split('\n')
    assert.equal(head, CHARGING_FIELDS.map(({ name }) => name).join(','))
    assert.match(
      first ?? '',
      /^imToSms,message-1-completion-delivered,completion,message-1,"'=cmd\(""x""\),1",icid-1,/,
    )
    assert.match(first ?? '', /,\+447700900111,,\+447900123456,2026-11-24T12:00:00\.000Z,/)
    assert.match(
      first ?? '',
      /,hss1\.example,mme1\.example,1,1,delivered,delivered,200,,,001010000000001,Anonymous$/,
    )
    assert.match(second ?? '', /^imToSms,message-2-/)
    assert.equal(end, '')
  })

  test('JSON: the same fields by name, and none that is not known', async (t) => {
    const { written, directory, names } = await files(t, { format: 'json' })
    await written.add(completed('message-1', { outcome: 'failed', cause: 'absentSubscriber', timeline: [] }))
    await written.stop()
    const record = JSON.parse(readFileSync(join(directory, names()[0] ?? ''), 'utf8'))
    assert.deepEqual(
      [record.outcome, record.cause, record.callId],
      ['failed', 'absentSubscriber', '=cmd("x"),1'],
    )
    assert.ok(!('servingNode' in record))
  })

  test('a file turns over by size and by age; the one being written is marked', async (t) => {
    const { written, clock, names } = await files(t, { maximumOctets: 600 })
    await written.add(completed('message-1'))
    assert.deepEqual(names(), ['ipsmgw-3-20261124T120000Z-000001.csv.open'])
    await written.add(completed('message-2'))
    await written.add(completed('message-3'))
    assert.deepEqual(names().length, 2)
    clock.nowMs += 60_000
    await written.add(completed('message-4'))
    assert.equal(names().filter((name) => name.endsWith('.open')).length, 1)
    assert.equal(names().length, 3)
    await written.stop()
    assert.ok(names().every((name) => name.endsWith('.csv')))
  })

  test('what a crash left open is closed at the next start, and nothing in it is lost', async (t) => {
    const { written, directory, names, open } = await files(t)
    await written.add(completed('message-1'))
    const again = open()
    await again.start()
    assert.deepEqual(names(), ['ipsmgw-3-20261124T120000Z-000001.csv'])
    assert.match(readFileSync(join(directory, names()[0] ?? ''), 'utf8'), /message-1/)
    await again.stop()
    await written.stop().catch(() => {})
  })

  test('a disk that refuses: the record is not done, and the bus hands it over again', async (t) => {
    const { directory, clock } = await files(t)
    const path = join(directory, 'file')
    writeFileSync(path, '')
    const broken = new ChargingFiles(
      { directory: path, format: 'csv', maximumOctets: 1, maximumAgeMs: 1_000, keepMs: 0, instance: '3' },
      () => clock.nowMs,
    )
    await assert.rejects(broken.add(completed('message-1')), { code: 'ENOTDIR' })
    await broken.stop()
  })
})
