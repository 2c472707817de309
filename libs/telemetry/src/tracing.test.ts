import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { isTraceparent, startSpan, traceparentHere } from './tracing.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SAMPLED = `00-${TRACE}-b7ad6b7169203331-01`

const here = (name: string) => new URL(name, import.meta.url).href

/** A process with the preload that runs these lines and ends by itself; what it printed, and its exit code. */
async function inOtherProcess(
  lines: string,
  environment: Record<string, string>,
): Promise<{ code: number; printed: string }> {
  const program = `
    import { startSpan, traceparentHere } from ${JSON.stringify(here('./tracing.ts'))}
    const SAMPLED = '${SAMPLED}'
    ${lines}`
  const child = spawn(
    process.execPath,
    ['--import', here('./preload.ts'), '--input-type=module', '--eval', program],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, printed: printed.trim() }
}

interface JsonSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind: number
  readonly status: { readonly code?: number }
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
}

/** What a collector would have been sent by these lines. */
async function exported(
  t: { after(fn: () => void): void },
  lines: string,
): Promise<{ spans: JsonSpan[]; printed: string }> {
  const spans: JsonSpan[] = []
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        resourceSpans: { scopeSpans: { spans: JsonSpan[] }[] }[]
      }
      spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)))
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }).listen(0, '127.0.0.1')
  t.after(() => collector.close())
  await once(collector, 'listening')
  const { port } = collector.address() as { port: number }
  const { code, printed } = await inOtherProcess(lines, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  })
  assert.equal(code, 0)
  return { spans, printed }
}

const MESSAGE = `
  const attributes = () => ({ 'rpc.system.name': 'diameter' })
  const server = startSpan('SIP MESSAGE', { kind: 'server', parent: SAMPLED, attributes: () => ({}) })`

describe('traces', () => {
  test('a span within another one is its child, after an await too, in the trace of the neighbour', async (t) => {
    const { spans } = await exported(
      t,
      `${MESSAGE}
      await server.run(async () => {
        await null
        startSpan('S6c/SRR', { kind: 'client', parent: traceparentHere(), attributes }).end('5550')
      })
      server.end()`,
    )
    const [client, server] = [spans.find(({ kind }) => kind === 3), spans.find(({ kind }) => kind === 2)]
    assert.equal(server?.parentSpanId, 'b7ad6b7169203331')
    assert.equal(client?.parentSpanId, server?.spanId)
    assert.ok(spans.every(({ traceId }) => traceId === TRACE))
    assert.equal(client?.status.code, 2, 'an error')
    const keys = client?.attributes.map(({ key }) => key).sort()
    assert.deepEqual(keys, ['error.type', 'rpc.system', 'rpc.system.name'])
    assert.equal(server?.status.code ?? 0, 0)
  })

  test('work that another message began is in the trace of its own message', async (t) => {
    const own = '00-11111111111111111111111111111111-2222222222222222-01'
    const { printed } = await exported(
      t,
      `${MESSAGE}
      server.run(() => console.log(traceparentHere('${own}')))
      server.end()`,
    )
    assert.equal(printed, own)
  })

  test('design Traces: a message that is not sampled makes no span, and passes its context on', async (t) => {
    const unsampled = SAMPLED.replace(/01$/, '00')
    const { spans, printed } = await exported(
      t,
      `const parent = '${unsampled}'
      const server = startSpan('SIP MESSAGE', { kind: 'server', parent, attributes: () => ({}) })
      const send = startSpan('send', { kind: 'producer', parent: server.traceparent, attributes: () => ({}) })
      send.run(() => console.log(traceparentHere()))
      send.end()
      server.end()`,
    )
    assert.deepEqual(spans, [])
    assert.match(printed, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  })

  test('a collector that is away stops nothing', async () => {
    const { code } = await inOtherProcess(`${MESSAGE}\nserver.end()`, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    })
    assert.equal(code, 0)
  })

  test("without the SDK a neighbour's context is passed on, none is made, and attributes are not asked for", () => {
    const attributes = () => assert.fail('asked for')
    const server = (parent?: string) => startSpan('SIP MESSAGE', { kind: 'server', parent, attributes })
    assert.equal(server(SAMPLED).traceparent, SAMPLED)
    assert.equal(server().traceparent, undefined)
    assert.equal(server(SAMPLED).traceId, undefined, 'nothing that an exemplar could lead to')
    assert.equal(server('lies').traceparent, undefined)
    assert.equal(
      server(SAMPLED).run(() => traceparentHere()),
      undefined,
    )
  })

  test('W3C Trace Context: only a complete version 00 value with ids that are not zero is continued', () => {
    assert.ok(isTraceparent(SAMPLED))
    for (const wrong of [
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      `00-${TRACE}-0000000000000000-01`,
      `00-${TRACE.toUpperCase()}-b7ad6b7169203331-01`,
      TRACE,
    ])
      assert.ok(!isTraceparent(wrong), wrong)
  })
})
