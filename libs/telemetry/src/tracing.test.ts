import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { isTraceparent } from './tracing.ts'

const here = (name: string) => new URL(name, import.meta.url).href

/** A process with the preload that traces one message and ends by itself. */
function traceInOtherProcess(environment: Record<string, string>) {
  const program = `
    import { traceMessage } from ${JSON.stringify(here('./tracing.ts'))}
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    traceMessage({ name: 'SIP MESSAGE', startMs: 1790000000000, traceparent }, () => ({
      endMs: 1790000000250,
      attributes: { 'ipsmgw.outcome': 'delivered' },
      steps: [{ name: 'sm-delivery acknowledged', startMs: 1790000000010, endMs: 1790000000240, attributes: {} }],
    }))`
  const child = spawn(
    process.execPath,
    ['--import', here('./preload.ts'), '--input-type=module', '--eval', program],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  return once(child, 'close').then(([code]) => code as number)
}

describe('traces', () => {
  test('with an OTLP endpoint the whole and its steps arrive there, in the trace of the neighbour', async (t) => {
    const bodies: Buffer[] = []
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (request.url === '/v1/traces') bodies.push(Buffer.concat(chunks))
        response.end()
      })
    }).listen(0, '127.0.0.1')
    t.after(() => collector.close())
    await once(collector, 'listening')
    const { port } = collector.address() as { port: number }
    const code = await traceInOtherProcess({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    })
    assert.equal(code, 0)
    const sent = Buffer.concat(bodies)
    assert.ok(sent.includes('SIP MESSAGE'))
    assert.ok(sent.includes('sm-delivery acknowledged'))
    assert.ok(sent.includes(Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')))
  })

  test('a collector that is away stops nothing', async () => {
    assert.equal(
      await traceInOtherProcess({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
        OTEL_EXPORTER_OTLP_TIMEOUT: '200',
      }),
      0,
    )
  })

  test('W3C Trace Context: only a complete version 00 value with ids that are not zero is continued', () => {
    assert.ok(isTraceparent('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'))
    for (const wrong of [
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
      '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
      '0af7651916cd43dd8448eb211c80319c',
    ])
      assert.ok(!isTraceparent(wrong), wrong)
  })
})
