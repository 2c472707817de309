// k8s/carrier/collector.yaml, read and acted on by a real OpenTelemetry Collector. A minute; the first time on a
// machine some minutes more, in which Go builds the collector.
// neighbours: go
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { parse } from 'yaml'
import { goTool } from '../../../scripts/go-tools.ts'
import { eventually } from '../../support/eventually.ts'
import { startGateway } from '../../support/gateway-process.ts'
import { freePort, ROOT, startProcess } from '../../support/processes.ts'
import { documents, EXAMPLES, render, workloads } from '../helm/chart.ts'
import { Collector } from '../ops/collector.ts'
import { preparePhones, type Sent, send } from '../ops/traced-message.ts'

const PRELOAD = pathToFileURL(join(ROOT, 'libs/telemetry/src/preload.ts')).href
const MANIFEST = parse(readFileSync(join(ROOT, 'k8s/carrier/collector.yaml'), 'utf8'))
const CONFIG: string = MANIFEST.data['config.yaml']
const TEXT = 'A text that no trace may hold'
const ANSWER_BY_MS = 13_000
/** Above the threshold of slowness in the file, below the answer. */
const SLOW_MS = 10_500
const DECIDED_AFTER_S = 16
const DELIVERED = 40
/** Of 40 delivered ones one in a hundred is kept: that it is more than this has a chance of 10⁻⁸. */
const MOST_KEPT = 6

function writeConfig(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-collector-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, CONFIG)
  return `file:${file}`
}

/** The sampling that the carrier's chart tells the services. */
function samplerOfChart(): Record<string, string> {
  const [workload] = workloads(documents(render(EXAMPLES.carrier ?? [])))
  const environment: { name: string; value: string }[] = workload?.spec.template.spec.containers[0].env
  const chosen = environment.filter(({ name }) => name.startsWith('OTEL_TRACES_SAMPLER'))
  return Object.fromEntries(chosen.map(({ name, value }) => [name, value]))
}

/** The collector with our file, of which only addresses and the wait are changed; it passes on to `sink`. */
async function startCollector(t: TestContext, sink: string) {
  const port = await freePort()
  const changes = [
    `receivers::otlp::protocols::http::endpoint: 127.0.0.1:${port}`,
    `processors::tail_sampling::decision_wait: ${DECIDED_AFTER_S}s`,
    `exporters::otlp_http::endpoint: ${sink}`,
    'exporters::otlp_http::encoding: json',
    'exporters::otlp_http::compression: none',
    'service::telemetry::metrics::level: none',
  ]
  const args = ['--config', writeConfig(t), ...changes.flatMap((it) => ['--config', `yaml:${it}`])]
  const collector = await startProcess(goTool('otel-collector'), args, {
    readyWhen: /Everything is ready/,
    timeoutMs: 60_000,
  })
  t.after(() => collector.stop())
  return { endpoint: `http://127.0.0.1:${port}`, output: collector.output }
}

describe('the OpenTelemetry Collector with the file of the carrier', () => {
  test('accepts it', (t) => {
    const args = ['validate', '--config', writeConfig(t)]
    const { status, stdout, stderr } = spawnSync(goTool('otel-collector'), args, { encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  })

  test('refuses what it does not know, so that accepting means something', (t) => {
    const wrong = ['--config', 'yaml:processors::tail_sampling::decision_weight: 40s']
    const args = ['validate', '--config', writeConfig(t), ...wrong]
    const { status, stderr } = spawnSync(goTool('otel-collector'), args, { encoding: 'utf8' })
    assert.notEqual(status, 0)
    assert.match(stderr, /decision_weight/)
  })

  test('waits for the whole message: longer than the longest answer may take', () => {
    const { decision_wait: wait } = parse(CONFIG).processors.tail_sampling
    const schema = JSON.parse(readFileSync(join(ROOT, 'helm/ipsmgw/values.schema.json'), 'utf8'))
    const { maximum } = schema.properties.config.properties.sip.properties.answerByMs
    assert.ok(Number.parseInt(wait, 10) * 1_000 > maximum + 5_000, `${wait} is above ${maximum} ms`)
  })

  test('keeps the trace of every message that failed, ended unknown or took long, and few of the others', async (t) => {
    const sink = await Collector.start()
    t.after(() => sink.close())
    const collector = await startCollector(t, sink.url)
    const environment = {
      ...sink.environment(PRELOAD),
      ...samplerOfChart(),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    }
    const gateway = await startGateway(environment, { sip: { answerByMs: ANSWER_BY_MS } })
    t.after(() => gateway.stop())
    const number = (index: number) => `4477008002${String(index).padStart(2, '0')}`
    const [absent, full, silent, slow] = [number(90), number(91), number(92), number(93)]
    await preparePhones(gateway.url, {
      [absent]: { behaviour: 'absent' },
      [full]: { behaviour: 'memory-full' },
      [silent]: { behaviour: 'silent' },
      [slow]: { behaviour: 'reachable', delayMs: SLOW_MS },
    })
    const waiting = [silent, slow].map((it) => send(gateway.sipPort, it, TEXT))
    const failed = [absent, full, absent, full, absent].map((it) => send(gateway.sipPort, it, TEXT))
    const delivered: Sent[] = []
    for (let index = 0; index < DELIVERED; index += 1)
      delivered.push(await send(gateway.sipPort, number(index), TEXT))
    const kept = [...(await Promise.all(failed)), ...(await Promise.all(waiting))]
    assert.deepEqual([...new Set(delivered.map(({ status }) => status))], [200])
    assert.deepEqual(
      kept.map(({ status }) => status),
      [480, 480, 480, 480, 480, 202, 200],
    )

    const whole = (traceId: string) =>
      sink.spans.some((span) => span.traceId === traceId && span.name === 'SIP MESSAGE')
    await eventually(
      () => kept.every(({ traceId }) => whole(traceId)),
      'what must be kept',
      (DECIDED_AFTER_S + 20) * 1_000,
    ).catch((cause) => assert.fail(`${cause}\n${collector.output()}`))
    const also = delivered.filter(({ traceId }) => whole(traceId))
    t.diagnostic(`kept ${kept.length} of ${kept.length} that must be, ${also.length} of ${DELIVERED} others`)
    assert.ok(also.length <= MOST_KEPT, `${also.length} of the others were kept`)
    assert.doesNotMatch(collector.output(), /\t(warn|error)\t/)
  })
})
