import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ProducerBatch } from 'kafkajs'
import { BATCHER_DEFAULTS, Batcher, type BatcherOptions } from './batcher.ts'

function batcher(options: Partial<BatcherOptions> = {}) {
  const requests: { batch: ProducerBatch; answer: (error?: Error) => void }[] = []
  let nowMs = 0
  const sender = new Batcher(
    { ...BATCHER_DEFAULTS, maximumRecordOctets: 1_000, ...options },
    {
      producer: {
        sendBatch: (batch) =>
          new Promise((resolve, reject) => {
            requests.push({ batch, answer: (error) => (error === undefined ? resolve([]) : reject(error)) })
          }),
      },
      now: () => nowMs,
      wait: async (delayMs) => {
        nowMs += delayMs
      },
    },
  )
  const send = (topic: string, text: string) => sender.send({ topic, key: 'k', value: Buffer.from(text) })
  const sent = (request: number) =>
    requests[request]?.batch.topicMessages?.map(({ topic, messages }) => [
      topic,
      messages.map(({ value }) => String(value)),
    ])
  const pass = (ms: number) => {
    nowMs += ms
  }
  return { sender, requests, send, sent, pass }
}

/** As the library tells it, and calls it not retriable. */
function outage(): Error {
  const closed = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' })
  return Object.assign(new Error('Closed connection', { cause: closed }), {
    name: 'KafkaJSNonRetriableError',
  })
}

describe('kafka.md F10, F12: the batcher', () => {
  test('idle: what one turn has to say is one request, in order, acknowledged by all', async () => {
    const { requests, send, sent } = batcher()
    const done = Promise.all([send('a', '1'), send('b', '2'), send('a', '3')])
    await nextTurn()
    assert.equal(requests.length, 1)
    assert.equal(requests[0]?.batch.acks, -1)
    assert.deepEqual(sent(0), [
      ['a', ['1', '3']],
      ['b', ['2']],
    ])
    requests[0]?.answer()
    await done
  })

  test('busy: what comes meanwhile waits for the answer, and goes together', async () => {
    const { requests, send, sent } = batcher()
    const first = send('a', '1')
    await nextTurn()
    const more = [send('a', '2'), send('a', '3')]
    await nextTurn()
    assert.equal(requests.length, 1)
    requests[0]?.answer()
    await first
    await nextTurn()
    assert.deepEqual(sent(1), [['a', ['2', '3']]])
    requests[1]?.answer()
    await Promise.all(more)
  })

  test('a request has bounds in records and in octets', async () => {
    const { requests, send } = batcher({ maximumBatch: 3, maximumBatchOctets: 700 })
    const all = [...'12345'].map((n) => send('a', n))
    all.push(send('a', 'x'.repeat(500)), send('a', 'y'.repeat(500)))
    const sizes: number[] = []
    for (let n = 0; sizes.reduce((a, b) => a + b, 0) < all.length; n++) {
      await nextTurn()
      sizes.push(requests[n]?.batch.topicMessages?.[0]?.messages.length ?? 0)
      requests[n]?.answer()
    }
    await Promise.all(all)
    assert.deepEqual(sizes, [3, 2, 1, 1])
  })

  test('the buffer is bounded: full proves that the record was not taken', async () => {
    const { send } = batcher({ maximumQueued: 1 })
    void send('a', '1')
    await assert.rejects(send('a', '2'), { name: 'BusError', code: 'full', retryable: true })
    const octets = batcher({ maximumQueuedOctets: 300 })
    void octets.send('a', 'x'.repeat(100))
    await assert.rejects(octets.send('a', 'x'.repeat(100)), { code: 'full' })
  })

  test('an oversized record is refused alone, not with its batch', async () => {
    const { requests, send } = batcher()
    const good = send('a', '1')
    await assert.rejects(send('a', 'x'.repeat(1_001)), { code: 'oversized', retryable: false })
    await nextTurn()
    requests[0]?.answer()
    await good
  })

  test('a refused request rejects its records, and the next goes out', async () => {
    const { requests, send } = batcher()
    const first = send('a', '1')
    await nextTurn()
    const second = send('a', '2')
    requests[0]?.answer(new Error('no leader'))
    await assert.rejects(first, { name: 'BusError', code: 'failed' })
    await nextTurn()
    requests[1]?.answer()
    await second
  })

  test('a broker that is away is waited for, with what came meanwhile, in order', async () => {
    const { requests, send, sent } = batcher()
    const first = send('a', '1')
    await nextTurn()
    const second = send('a', '2')
    requests[0]?.answer(outage())
    await nextTurn()
    assert.deepEqual(sent(1), [['a', ['1', '2']]])
    requests[1]?.answer()
    await Promise.all([first, second])
  })

  test('no longer than its bound, each record for itself, and not while closing', async () => {
    const { sender, requests, send, sent, pass } = batcher({ outageMs: 10_000 })
    const first = send('a', '1')
    pass(6_000)
    const second = send('a', '2')
    await nextTurn()
    pass(5_000)
    requests[0]?.answer(outage())
    await assert.rejects(first, { name: 'BusError', code: 'failed' })
    await nextTurn()
    assert.deepEqual(sent(1), [['a', ['2']]])
    const closing = sender.close()
    requests[1]?.answer(outage())
    await assert.rejects(second, { code: 'failed' })
    await closing
  })

  test('close takes nothing more and waits for what was taken', async () => {
    const { sender, requests, send } = batcher()
    const last = send('a', '1')
    let closed = false
    const closing = sender.close().then(() => {
      closed = true
    })
    await assert.rejects(send('a', '2'), { code: 'closed' })
    await nextTurn()
    assert.equal(closed, false)
    requests[0]?.answer()
    await Promise.all([last, closing])
  })
})
