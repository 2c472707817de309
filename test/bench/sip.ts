/**
 * SIP: parse the CPM pager-mode message and build its 200, on one core. Baseline: copying the same octets (request
 * and response) once. Then the memory of open transactions over a real UDP socket, nothing answered.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  buildResponse,
  parseDatagram,
  responseFrame,
  type ServerTransactionHandle,
  SipEndpoint,
  SipRequest,
} from '@ipsmgw/sip'
import { liveOctets } from './heap.ts'
import { perSecond, report } from './measure.ts'

const INPUT = 'test/vectors/cpm-pager-message.sip'
const octets = readFileSync(new URL(`../../${INPUT}`, import.meta.url))
const ORIGIN = { address: '192.0.2.1', port: 5060 }
const OPEN = 10_000

function parseAndAnswer(): Buffer {
  const message = parseDatagram(octets)
  if (!(message instanceof SipRequest)) throw new Error('the input is no request')
  return Buffer.from(buildResponse(responseFrame(message, ORIGIN, 'gw-1a2b3c4d'), 200), 'latin1')
}

/** Octets per transaction that the application has not answered. */
async function octetsPerOpenTransaction(): Promise<number> {
  const handles: ServerTransactionHandle[] = []
  const listener = { transport: 'udp', host: '127.0.0.1', port: 0, receiveBufferOctets: 4_194_304 } as const
  const endpoint = new SipEndpoint(
    { listeners: [listener] },
    {
      onRequest: ({ transaction }) => {
        handles.push(transaction)
      },
    },
  )
  await endpoint.start()
  const port = endpoint.addresses()[0]?.port ?? 0
  const sender = createSocket('udp4')
  const text = octets.toString('latin1')
  const send = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) {
      const copy = text
        .replace('z9hG4bK3f1a.77c2.1', `z9hG4bK3f1a.77c2.${i}`)
        .replace('Call-ID: 9', `Call-ID: ${i}-9`)
      sender.send(Buffer.from(copy, 'latin1'), port, '127.0.0.1')
      while (handles.length < i - 20) await nextTurn()
    }
    const deadline = performance.now() + 2000
    while (handles.length < to && performance.now() < deadline) await nextTurn()
  }
  await send(0, OPEN / 2)
  for (const handle of handles) handle.respond(200)
  const warmed = handles.length
  const before = await liveOctets()
  await send(warmed, warmed + OPEN)
  const open = ((await liveOctets()) - before) / (handles.length - warmed)
  for (const handle of handles) handle.respond(200)
  sender.close()
  await endpoint.close()
  return open
}

const answer = parseAndAnswer()
report('SIP, one core', [
  {
    what: 'parse + 200',
    input: `${INPUT}, ${octets.length} octets`,
    value: perSecond(parseAndAnswer),
    unit: '/s',
    baseline: {
      name: 'copying the same octets',
      value: perSecond(() => [Buffer.from(octets), Buffer.from(answer)]),
    },
    target: { atLeast: 100_000 },
  },
  {
    what: 'memory of an open transaction',
    input: `${INPUT}, ${OPEN} open`,
    value: await octetsPerOpenTransaction(),
    unit: 'octets',
    baseline: { name: 'the request', value: octets.length },
  },
])
