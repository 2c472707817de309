/**
 * SIP: parse the CPM pager-mode message and build its 200, on one core. Baseline in the same run: copying the
 * same octets (request and response) once. Then the memory of open transactions: 10,000 such requests over a
 * real UDP socket, their handles kept, nothing answered.
 */
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  buildResponse,
  parseDatagram,
  responseFrame,
  type ServerTransactionHandle,
  SipEndpoint,
  SipRequest,
} from '@ipsmgw/sip'

const INPUT = 'test/vectors/cpm-pager-message.sip'
const octets = readFileSync(new URL(`../../${INPUT}`, import.meta.url))
const ORIGIN = { address: '192.0.2.1', port: 5060 }
const ROUND_MS = 700
const ROUNDS = 5

function parseAndAnswer(): Buffer {
  const message = parseDatagram(octets)
  if (!(message instanceof SipRequest)) throw new Error('the input is no request')
  return Buffer.from(buildResponse(responseFrame(message, ORIGIN, 'gw-1a2b3c4d'), 200), 'latin1')
}

const answer = parseAndAnswer()

function copy(): Buffer {
  const request = Buffer.from(octets)
  const response = Buffer.from(answer)
  return request.length > response.length ? request : response
}

/** Best of several rounds: the machine is shared, and noise only ever slows down. */
function opsPerSecond(run: () => Buffer): number {
  let best = 0
  let octetsSeen = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    let count = 0
    while (performance.now() - start < ROUND_MS) {
      for (let i = 0; i < 500; i++) octetsSeen += run().length
      count += 500
    }
    best = Math.max(best, (count * 1000) / (performance.now() - start))
  }
  if (octetsSeen === 0) throw new Error('nothing was measured')
  return best
}

const baseline = opsPerSecond(copy)
const measured = opsPerSecond(parseAndAnswer)
const whole = (value: number): string => Math.round(value).toLocaleString('en')
console.log(
  `sip parse + 200 (${INPUT}, ${octets.length} octets): ${whole(measured)}/s, ` +
    `copying the same octets: ${whole(baseline)}/s, ratio ${(measured / baseline).toFixed(3)}`,
)

const OPEN = 10_000

/** Heap and buffers that survive collection; buffers are only given back in later turns. */
async function liveOctets(collect: () => void): Promise<number> {
  for (let i = 0; i < 6; i++) {
    collect()
    await nextTurn()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function octetsPerOpenTransaction(): Promise<{ open: number; completed: number }> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
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
  await send(0, 5000)
  for (const handle of handles) handle.respond(200)
  const warmed = handles.length
  const before = await liveOctets(collect)
  await send(warmed, warmed + OPEN)
  const opened = handles.length - warmed
  const during = await liveOctets(collect)
  for (const handle of handles) handle.respond(200)
  await nextTurn()
  const after = await liveOctets(collect)
  sender.close()
  await endpoint.close()
  return { open: (during - before) / opened, completed: (after - before) / opened }
}

const memory = await octetsPerOpenTransaction()
console.log(
  `sip memory per transaction (${INPUT}, ${whole(OPEN)} open): ${whole(memory.open)} octets unanswered, ` +
    `${whole(memory.completed)} in Completed, request: ${octets.length} octets, ` +
    `ratio ${(memory.open / octets.length).toFixed(2)}`,
)
