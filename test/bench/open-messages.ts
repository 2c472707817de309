// Records of messages whose outcome is not known yet, as the services before would have written them.
import { createHash } from 'node:crypto'
import type { ImReceived, SmReport, SmRouted } from '@ipsmgw/events'

const OPEN_FOR_MS = 600_000
const RECIPIENT = { uri: 'tel:+447700900123', number: '+447700900123', source: 'Request-URI' } as const

function envelope(n: number) {
  const now = Date.now()
  const key = createHash('sha256').update(String(n)).digest('hex').slice(0, 32)
  return {
    messageId: key.slice(0, 22),
    recipientKey: key,
    receivedAtMs: now,
    answerByMs: now + OPEN_FOR_MS,
    forwardByMs: now + OPEN_FOR_MS - 5_000,
    reply: { ordinal: 0, bootId: 'bench' },
  }
}

export function receivedOf(n: number): ImReceived {
  return {
    ...envelope(n),
    sip: { callId: `call-${n}@bench.invalid`, peer: 'scscf', transport: 'udp' },
    recipient: RECIPIENT,
    sender: {
      asserted: [{ uri: 'tel:+447700900111', number: '+447700900111' }],
      from: { uri: 'tel:+447700900111' },
    },
    text: 'A message of the usual length, so that the record has the usual size.',
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
  }
}

export function routedOf(n: number): SmRouted {
  const common = envelope(n)
  return {
    ...common,
    deliveryKey: common.recipientKey,
    imsi: '001010000000001',
    recipient: RECIPIENT,
    nodes: [{ kind: 'mme', protocol: 'sgd', host: 'mme.lab.invalid', realm: 'lab.invalid' }],
    tpdus: [Buffer.alloc(150, n).toString('base64')],
    routing: { attempt: 1, firstPart: 1 },
    early: false,
  }
}

export function reportOf(n: number, step: 'attempted' | 'acknowledged'): SmReport {
  return { ...envelope(n), step, by: 'bench', atMs: Date.now(), part: 1, parts: 1 }
}
