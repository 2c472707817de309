import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Bus, BusRecord, ConsumeOptions, RecordContext } from '@ipsmgw/bus'
import { type ImReceived, imReceived, type MessageCompleted, messageCompleted } from '@ipsmgw/events'
import { KeyMaker } from '@ipsmgw/numbering'
import { loadPolicy } from '@ipsmgw/policy'
import { createImToSms } from './app.ts'

const START = Date.UTC(2026, 6, 1, 12, 0, 0)
const sender = { uri: 'tel:+447700900111', number: '+447700900111' }

function received(bootId: string): ImReceived {
  return {
    messageId: 'message-0123456789abcd',
    recipientKey: 'k'.repeat(32),
    receivedAtMs: START,
    answerByMs: START + 25_000,
    forwardByMs: START + 20_000,
    reply: { ordinal: 0, bootId },
    sip: { callId: 'c', peer: 'p', transport: 'udp' },
    recipient: { uri: 'tel:+905321234567', number: '+905321234567', source: 'Request-URI' },
    sender: { asserted: [sender], from: sender },
    text: 'hello',
    contentType: 'text/plain',
    answer: { unknownOutcome: 202 },
    policyVersion: '1',
  }
}

const OWNED: RecordContext = { owned: () => true }

function recordOf<T>(value: T): BusRecord<T> {
  return { topic: 't', value, key: 'k', partition: 0, offset: 0, timestampMs: START }
}

/** The stage on a bus that takes what it is told to take. */
async function harness(publish: (topic: string) => Promise<void> = async () => {}) {
  const published: string[] = []
  let options: ConsumeOptions | undefined
  const bus = {
    publish: async ({ name }: { name: string }) => {
      await publish(name)
      published.push(name)
    },
    consume: async (given: ConsumeOptions) => {
      options = given
      return { close: async () => {} }
    },
  } as unknown as Bus
  const part = createImToSms(
    { maximumInFlight: 10 },
    {
      bus,
      keys: new KeyMaker(Buffer.alloc(32)),
      report: { converted: () => {} },
      policy: () => loadPolicy(),
      now: () => START,
    },
  )
  await part.start?.()
  const handler = options?.subscriptions.find(({ topic }) => topic.name === imReceived.name)
  const source = options?.replay?.sources.find(({ topic }) => topic.name === messageCompleted.name)
  return {
    published,
    take: async (value: ImReceived) => handler?.handle(recordOf(value), OWNED),
    decided: (outcome: MessageCompleted['outcome']) =>
      source?.apply(recordOf({ messageId: received('').messageId, outcome } as MessageCompleted)),
  }
}

describe('design §4 rule 7: a copy joins', () => {
  test('a copy through another ingress is not made into a second Short Message', async () => {
    const h = await harness()
    await h.take(received('a'))
    await h.take(received('b'))
    assert.deepEqual(h.published, ['sm.prepared', 'sm.reports'])
  })

  test('what the bus did not take is made again', async () => {
    let away = true
    const h = await harness(async () => {
      if (away) throw new Error('the broker is away')
    })
    await assert.rejects(h.take(received('a')))
    away = false
    await h.take(received('a'))
    assert.deepEqual(h.published, ['sm.prepared', 'sm.reports'])
  })

  test('after a restart a copy of a message that has failed stays unsent: its sender was told so', async () => {
    const h = await harness()
    h.decided('failed')
    await h.take(received('b'))
    assert.deepEqual(h.published, [])
  })

  test('an early answer stops nothing', async () => {
    const h = await harness()
    h.decided('unknown')
    await h.take(received('a'))
    assert.deepEqual(h.published, ['sm.prepared', 'sm.reports'])
  })
})
