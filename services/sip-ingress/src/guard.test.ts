import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { MemoryBus } from '@ipsmgw/bus'
import { SILENT_EVENTS } from '@ipsmgw/bus/testing'
import { loadConfig } from '@ipsmgw/config'
import { KeyMaker } from '@ipsmgw/numbering'
import { loadPolicy } from '@ipsmgw/policy'
import { createLogger, createRegistry } from '@ipsmgw/telemetry'
import Type from 'typebox'
import { buildSipIngress } from './build.ts'
import { sipIngressSections } from './config.ts'

/** One sip-ingress before a bus that takes everything and from which nothing comes: correlation is dead. */
async function ingress(t: TestContext, peer: object) {
  const { config } = loadConfig(Type.Object(sipIngressSections), {
    environment: {},
    base: {
      sip: { port: 0, answerByMs: 20_000, peers: [{ name: 'scscf', addresses: ['127.0.0.0/8'], ...peer }] },
    },
  })
  const service = buildSipIngress(config, {
    bus: new MemoryBus({ maximumQueued: 10 }, { events: SILENT_EVENTS, now: Date.now }),
    keys: new KeyMaker(Buffer.alloc(32, 1)),
    registry: createRegistry('sip-ingress', 'test'),
    logger: createLogger({ service: 'test', level: 'silent' }),
    policy: () => loadPolicy(),
  })
  await service.start?.()
  t.after(() => service.stop?.())
  return service.port()
}

/** The first final to a message, and after how long. */
async function finalOf(t: TestContext, port: number): Promise<{ status: string; afterMs: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => socket.close())
  await once(socket, 'listening')
  const lines = [
    'MESSAGE tel:+447700900123 SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1:${socket.address().port};branch=z9hG4bKguard`,
    'Max-Forwards: 70',
    'From: <tel:+447700900111>;tag=1',
    'To: <tel:+447700900123>',
    'Call-ID: guard',
    'CSeq: 1 MESSAGE',
    'P-Asserted-Identity: <tel:+447700900111>',
    'Content-Type: text/plain',
    'Content-Length: 5',
  ]
  const sentAtMs = performance.now()
  socket.send(`${lines.join('\r\n')}\r\n\r\nHello`, port, '127.0.0.1')
  for (;;) {
    const [octets] = (await once(socket, 'message')) as [Buffer]
    const status = octets.toString('latin1', 8, 11)
    if (status !== '100') return { status, afterMs: performance.now() - sentAtMs }
  }
}

test('design Time: with a dead correlation an early answer is given by the guard of sip-ingress, not at answerBy', async (t) => {
  const port = await ingress(t, { earlyAnswerMs: 500 })
  const { status, afterMs } = await finalOf(t, port)
  assert.equal(status, '202')
  assert.ok(afterMs >= 1_400 && afterMs < 15_000, `after ${Math.round(afterMs)} ms`)
})

test('design Time: without early answers the guard is behind answerBy, and only 202 is true', async (t) => {
  const port = await ingress(t, { answerByMs: 1_000 })
  const { status, afterMs } = await finalOf(t, port)
  assert.equal(status, '202')
  assert.ok(afterMs >= 1_900, `after ${Math.round(afterMs)} ms`)
})
