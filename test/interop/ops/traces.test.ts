// One message is one trace: exported over OTLP to a collector, from the process with everything in it and from six
// processes over Kafka. Half a minute.
// neighbours: kafka
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { eventually } from '../../support/eventually.ts'
import { startGateway } from '../../support/gateway-process.ts'
import { Installation } from '../../support/installation.ts'
import { ROOT } from '../../support/processes.ts'
import { Collector, type OtlpSpan } from './collector.ts'
import { attribute, SpanTree } from './span-tree.ts'
import { preparePhones, type Sent, send } from './traced-message.ts'

const PRELOAD = pathToFileURL(join(ROOT, 'libs/telemetry/src/preload.ts')).href
/** Delivered by the MSC, by the MME, and by nobody. */
const [BY_MSC, BY_MME, ABSENT] = ['447700800123', '447700800124', '447700800125'] as const
const TEXT = 'A text that no trace may hold'

/** Where the bus differs: the rest of the tree is the same. */
interface BusNames {
  readonly system: 'memory' | 'kafka'
  readonly prefix: string
}

/** All spans of a message, once they are there: one root, below the core's span. */
async function wholeOf(
  collector: Collector,
  sent: Sent,
  { prefix }: BusNames,
): Promise<[SpanTree, OtlpSpan]> {
  const last = ['SIP MESSAGE', `send ${prefix}sip.final`, `process ${prefix}message.completed`]
  const tree = await eventually(() => {
    const tree = new SpanTree(collector.spans.filter(({ traceId }) => traceId === sent.traceId))
    const complete = last.every((name) => tree.spans.some((span) => span.name === name))
    return complete && tree.orphans().length === 1 && tree
  }, 'the whole trace').catch(() =>
    assert.fail(`the whole trace; there is:\n${new SpanTree(collector.spans).drawn()}`),
  )
  const whole = tree.orphans()[0] as OtlpSpan
  assert.equal(whole.name, 'SIP MESSAGE')
  assert.equal(whole.parentSpanId, sent.spanId, "the whole is a child of the core's span")
  assert.equal(attribute(whole, 'sip.response.status_code'), sent.status)
  assert.equal(attribute(whole, 'sip.request.method'), 'MESSAGE')
  assert.equal(attribute(whole, 'network.transport'), 'tcp')
  for (const span of tree.spans)
    assert.ok(BigInt(span.startTimeUnixNano) >= BigInt(whole.startTimeUnixNano), `${span.name} begins within`)
  return [tree, whole]
}

/** The whole way of a delivered message: who caused what, from the core's span to the final answer. */
async function assertDelivered(
  collector: Collector,
  sent: Sent,
  bus: BusNames,
  forward: { readonly method: string; assert(span: OtlpSpan): void },
): Promise<void> {
  const { system, prefix } = bus
  assert.equal(sent.status, 200)
  const [tree, whole] = await wholeOf(collector, sent, bus)
  assert.equal(whole.status.code ?? 0, 0)
  const hop = (from: OtlpSpan, topic: string, group: string | undefined) => {
    const send = tree.child(from, 'producer', `send ${prefix}${topic}`)
    const process = tree.child(send, 'consumer', `process ${prefix}${topic}`, group)
    for (const span of [send, process]) assertMessaging(span, prefix + topic, system)
    return process
  }
  const converted = hop(whole, 'im.received', 'im-to-sms')
  const routed = hop(converted, 'sm.prepared', 'hss-routing')
  const srr = tree.child(routed, 'client', 'S6c/SRR')
  assertDiameter(srr, 'S6c/SRR')
  const delivered = hop(routed, 'sm.routed', 'sm-delivery')
  forward.assert(tree.child(delivered, 'client', forward.method))
  const reports = tree.spans.filter(({ name }) => name === `send ${prefix}sm.reports`)
  const byDelivery = reports.filter(({ parentSpanId }) => parentSpanId === delivered.spanId)
  assert.equal(byDelivery.length, 2, 'attempted and acknowledged')
  const last = byDelivery.map((send) =>
    tree.child(send, 'consumer', `process ${prefix}sm.reports`, 'correlation'),
  )
  const deciding = last.find(({ spanId }) =>
    tree.spans.some(({ name, parentSpanId }) => name === 'decide' && parentSpanId === spanId),
  )
  assert.ok(deciding, 'the decision is a child of the report that made it')
  const decision = tree.child(deciding, 'internal', 'decide')
  assert.equal(attribute(decision, 'ipsmgw.outcome'), 'delivered')
  hop(deciding, 'sip.final', undefined)
  tree.child(deciding, 'producer', `send ${prefix}message.completed`)
}

/** What tail sampling goes by: the whole, the decision and the call that failed are errors. */
async function assertFailed(collector: Collector, sent: Sent, bus: BusNames): Promise<void> {
  assert.equal(sent.status, 480)
  const [tree, whole] = await wholeOf(collector, sent, bus)
  const named = (name: string) => tree.spans.find((span) => span.name === name)
  for (const [span, error] of [
    [whole, 'absentSubscriber'],
    [named('decide'), 'absentSubscriber'],
    [named('MAP/mtForwardSM'), 'absentSubscriberSM'],
  ] as const) {
    assert.equal(span?.status.code, 2, `${span?.name} is an error:\n${tree.drawn()}`)
    assert.equal(span && attribute(span, 'error.type'), error)
  }
  assert.equal(attribute(named('decide') as OtlpSpan, 'ipsmgw.outcome'), 'failed')
}

/** Three messages, three traces; neither numbers nor text anywhere. Resolves to the first one. */
async function assertTraces(
  collector: Collector,
  sipPort: number,
  lab: string,
  bus: BusNames,
): Promise<Sent> {
  await preparePhones(lab, {
    [BY_MME]: { behaviour: 'reachable', node: 'mme' },
    [ABSENT]: { behaviour: 'absent' },
  })
  const first = await send(sipPort, BY_MSC, TEXT)
  await assertDelivered(collector, first, bus, {
    method: 'MAP/mtForwardSM',
    assert(span) {
      assert.equal(attribute(span, 'rpc.system.name'), 'map')
      assert.equal(attribute(span, 'rpc.method'), 'MAP/mtForwardSM')
      assert.equal(attribute(span, 'map.application_context'), 'shortMsgMtRelay')
      assert.equal(attribute(span, 'rpc.status_code'), 'result')
    },
  })
  await assertDelivered(collector, await send(sipPort, BY_MME, TEXT), bus, {
    method: 'SGd/TFR',
    assert: (span) => assertDiameter(span, 'SGd/TFR'),
  })
  await assertFailed(collector, await send(sipPort, ABSENT, TEXT), bus)
  for (const number of [BY_MSC, BY_MME, ABSENT])
    assert.ok(!collector.text.includes(number.slice(3)), 'no number')
  assert.ok(!collector.text.includes(TEXT.slice(0, 12)), 'no text')
  return first
}

/** OpenTelemetry's messaging conventions, for both directions. */
function assertMessaging(span: OtlpSpan, destination: string, system: string): void {
  const operation = span.name.split(' ')[0]
  assert.equal(attribute(span, 'messaging.system.name'), system)
  assert.equal(attribute(span, 'messaging.destination.name'), destination)
  assert.equal(attribute(span, 'messaging.operation.name'), operation)
  assert.equal(attribute(span, 'messaging.operation.type'), operation)
  assert.match(String(attribute(span, 'messaging.message.id')), /^\S{16,}$/)
  if (operation === 'process')
    assert.match(String(attribute(span, 'messaging.destination.partition.id')), /^\d+$/)
  if (operation === 'process' && system === 'kafka')
    assert.equal(typeof attribute(span, 'kafka.offset'), 'number')
}

/** The RPC conventions, with Diameter in the place of the system. */
function assertDiameter(span: OtlpSpan, method: string): void {
  assert.equal(attribute(span, 'rpc.system.name'), 'diameter')
  assert.equal(attribute(span, 'rpc.method'), method)
  assert.equal(attribute(span, 'rpc.status_code'), '2001')
  assert.ok(attribute(span, 'diameter.peer.origin_host'))
  assert.ok(attribute(span, 'server.address'))
}

describe('one trace per message', () => {
  test('over the bus in memory', async (t) => {
    const collector = await Collector.start()
    t.after(() => collector.close())
    const gateway = await startGateway(collector.environment(PRELOAD))
    t.after(() => gateway.stop())
    const bus = { system: 'memory', prefix: '' } as const
    const sent = await assertTraces(collector, gateway.sipPort, gateway.url, bus)
    const answer = await fetch(`${gateway.url}/metrics`)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/openmetrics-text/)
    const metrics = await answer.text()
    const exemplar = new RegExp(`^ipsmgw_message_seconds_bucket.* # \\{trace_id="${sent.traceId}"\\}`, 'm')
    assert.match(metrics, exemplar, 'the histogram leads to the trace')
  })

  test('over Kafka, from six processes', async (t) => {
    const collector = await Collector.start()
    t.after(() => collector.close())
    const installation = await Installation.start({ environment: collector.environment(PRELOAD) })
    t.after(() => installation.stop())
    const replicas = await installation.addAll()
    const bus = { system: 'kafka', prefix: installation.prefix } as const
    await assertTraces(collector, replicas['sip-ingress'].sipPort, installation.lab.url, bus)
  })
})
