// One message is one trace: exported over OTLP to a collector, from the process with everything in it and from six
// processes over Kafka. Half a minute.
// neighbours: kafka
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { SipEndpoint } from '@ipsmgw/sip'
import { eventually } from '../../support/eventually.ts'
import { startGateway } from '../../support/gateway-process.ts'
import { Installation } from '../../support/installation.ts'
import { ROOT } from '../../support/processes.ts'
import { Collector, type OtlpSpan } from './collector.ts'

const PRELOAD = pathToFileURL(join(ROOT, 'libs/telemetry/src/preload.ts')).href
const NUMBER = '447700800123'
const TEXT = 'A text that no trace may hold'

/** The services whose steps a delivered message has. */
const SERVICES = ['im-to-sms', 'hss-routing', 'sm-delivery']

/** Sends one message within a trace of the core; resolves to its trace id and span id. */
async function send(port: number): Promise<{ traceId: string; spanId: string }> {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  const endpoint = new SipEndpoint(
    { listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }] },
    { onRequest: (request) => void request.respond(405) },
  )
  await endpoint.start()
  const outcome = await endpoint.request({
    method: 'MESSAGE',
    uri: `tel:+${NUMBER}`,
    headers: [
      ['From', '<tel:+447700900111>'],
      ['To', `<tel:+${NUMBER}>`],
      ['P-Asserted-Identity', '<tel:+447700900111>'],
      ['traceparent', `00-${traceId}-${spanId}-01`],
      ['Content-Type', 'text/plain;charset=UTF-8'],
    ],
    body: Buffer.from(TEXT),
    destination: { transport: 'tcp', host: '127.0.0.1', port },
  })
  await endpoint.close()
  assert.equal(outcome.kind === 'response' && outcome.response.status, 200)
  return { traceId, spanId }
}

async function assertTrace(collector: Collector, sent: { traceId: string; spanId: string }): Promise<void> {
  const ours = () => collector.spans.filter(({ traceId }) => traceId === sent.traceId)
  const whole = await eventually(
    () => ours().find(({ name }) => name === 'SIP MESSAGE'),
    'the whole as a span',
  )
  assert.equal(whole.parentSpanId, sent.spanId, "the whole is a child of the core's span")
  const steps = ours().filter((span) => span !== whole)
  for (const step of steps) {
    assert.equal(step.parentSpanId, whole.spanId, `${step.name} is a child of the whole`)
    assert.ok(within(step, whole), `${step.name} is within the whole`)
  }
  for (const service of SERVICES)
    assert.ok(
      steps.some(({ name }) => name.startsWith(`${service} `)),
      `${service} is not in ${steps.map(({ name }) => name).join(', ')}`,
    )
  const status = whole.attributes.find(({ key }) => key === 'sip.response.status_code')
  assert.equal(Number(status?.value.intValue), 200)
  assert.ok(!collector.text.includes(NUMBER.slice(3)), 'no number')
  assert.ok(!collector.text.includes(TEXT.slice(0, 12)), 'no text')
}

const within = (inner: OtlpSpan, outer: OtlpSpan) =>
  BigInt(inner.startTimeUnixNano) >= BigInt(outer.startTimeUnixNano) &&
  BigInt(inner.endTimeUnixNano) <= BigInt(outer.endTimeUnixNano)

describe('one trace per message', () => {
  test('over the bus in memory', async (t) => {
    const collector = await Collector.start()
    t.after(() => collector.close())
    const gateway = await startGateway(collector.environment(PRELOAD))
    t.after(() => gateway.stop())
    const sent = await send(gateway.sipPort)
    await assertTrace(collector, sent)
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    const exemplar = new RegExp(`^ipsmgw_message_seconds_bucket.* # \\{trace_id="${sent.traceId}"\\}`, 'm')
    assert.match(metrics, exemplar, 'the histogram leads to the trace')
  })

  test('over Kafka, from six processes', async (t) => {
    const collector = await Collector.start()
    t.after(() => collector.close())
    const installation = await Installation.start({ environment: collector.environment(PRELOAD) })
    t.after(() => installation.stop())
    const replicas = await installation.addAll()
    await assertTrace(collector, await send(replicas['sip-ingress'].sipPort))
  })
})
