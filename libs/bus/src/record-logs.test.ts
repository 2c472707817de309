import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import { createBusReport } from './report.ts'
import { recordIdOf } from './tracing.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const OF_A_MESSAGE = {
  messageId: 'message-0123456789',
  traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
  originator: '+447700900111',
  notification: undefined,
  text: 'A confidential sentence',
}

function harness() {
  const lines: string[] = []
  const destination = new Writable({
    write: (line: Buffer, _encoding, done) => {
      lines.push(line.toString('utf8'))
      done()
    },
  })
  const report = createBusReport({
    registry: createRegistry('bus', 'test'),
    logger: createLogger({ service: 'test', destination }),
    service: 'test',
    now: () => 1_000,
    publishDeadLetter: () => Promise.reject(new Error('the bus is gone')),
    fatal: (error) => assert.fail(error),
  })
  return { report, lines }
}

const record = (value: unknown) => ({
  ...{ topic: 'im.received', value, key: 'key of somebody', partition: 3, offset: 7, timestampMs: 1 },
})

for (const [what, value] of [
  ['a record of a message', OF_A_MESSAGE],
  ['a report of a message', { report: OF_A_MESSAGE }],
] as const)
  test(`personal data, log lines about a message: ${what} that fails is named by messageId and traceId, and nothing of it`, async () => {
    const { report, lines } = harness()
    await report.handlerFailed(recordIdOf(record(value), 42), new Error('it failed'))
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map(({ msg, messageId, traceId }) => [msg, messageId, traceId]),
      [
        ['record handler failed', OF_A_MESSAGE.messageId, TRACE],
        ['dead letter could not be written', OF_A_MESSAGE.messageId, TRACE],
      ],
    )
    for (const secret of ['447700900111', OF_A_MESSAGE.text, 'key of somebody'])
      assert.ok(!lines.join('').includes(secret), secret)
  })

test('personal data, log lines about a message: a record of none names none', async () => {
  const { report, lines } = harness()
  await report.handlerFailed(recordIdOf(record({ tick: { atMs: 1 } }), 42), new Error('it failed'))
  assert.ok(!lines.join('').includes('messageId'))
})
