import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { defineTopic, type Topic } from '@ipsmgw/events'
import Type from 'typebox'
import { on } from './bus.ts'
import { Journal, keep } from './journal.ts'
import { MemoryBus } from './memory-bus.ts'
import { type Adapter, busContract, SILENT_EVENTS } from './testing/contract.ts'

const memory = (journaled: boolean): Adapter => ({
  name: journaled ? 'in memory, with a journal' : 'in memory',
  shared: false,
  async install(topics) {
    const directory = mkdtempSync(join(tmpdir(), 'ipsmgw-journal-'))
    const open = async (events = {}) =>
      new MemoryBus(
        { maximumQueued: 10_000 },
        {
          events: { ...SILENT_EVENTS, ...events },
          now: Date.now,
          ...(journaled && {
            journal: new Journal({
              directory,
              windowMs: 60_000,
              topics: topics.map((topic) => keep(topic, 'claimed')),
            }),
          }),
        },
      )
    return {
      open,
      // Nothing is flushed and nobody says goodbye: what counts is in the file already.
      ...(journaled && { crash: async () => {} }),
      close: async () => rmSync(directory, { recursive: true, force: true }),
    }
  },
})

busContract(memory(false))
busContract(memory(true))

const topic: Topic<{ key: string; n: number }> = defineTopic({
  name: 'items',
  version: 1,
  schema: Type.Object({ key: Type.String(), n: Type.Integer() }),
  retentionMs: 1,
  partitioning: 'pipeline',
  key: (value) => value.key,
})

describe('memory bus: bounds', () => {
  test('a consumer that falls behind makes publish refuse, with proof that nothing was taken', async () => {
    const bus = new MemoryBus({ maximumQueued: 3 }, { events: SILENT_EVENTS, now: Date.now })
    await bus.consume({
      group: 'g',
      mode: 'at-least-once',
      maximumInFlight: 1,
      subscriptions: [on(topic, () => new Promise<void>(() => {}))],
    })
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((n) => bus.publish(topic, { key: `${n}`, n })),
    )
    assert.deepEqual(
      results.map((r) => r.status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
    )
    const [, , , refused] = results
    assert.equal(refused?.status === 'rejected' && refused.reason.code, 'full')
  })
})

describe('journal', () => {
  function folder(t: { after(fn: () => void): void }): string {
    const directory = mkdtempSync(join(tmpdir(), 'ipsmgw-journal-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    return directory
  }
  const record = (n: number, timestampMs = Date.now()) => ({
    topic: 'items',
    value: { key: 'k', n },
    key: 'k',
    partition: 0,
    offset: n,
    timestampMs,
  })
  const numbersOf = (journal: Journal) => [...journal.replay(topic)].map(({ value }) => value.n)

  test('what was acknowledged is found again, a torn last line is skipped', async (t) => {
    const directory = folder(t)
    const options = { directory, windowMs: 60_000, topics: [keep(topic, 'published')] }
    const first = new Journal(options)
    await Promise.all([first.keep(topic, record(1)), first.keep(topic, record(2))])
    appendFileSync(join(directory, 'journal.ndjson'), '{"t":"items","at":17')
    const second = new Journal(options)
    assert.deepEqual(numbersOf(second), [1, 2])
    await second.keep(topic, record(3))
    assert.deepEqual(numbersOf(new Journal(options)), [1, 2, 3])
  })

  test('a disk that fills up in the middle of a write acknowledges nothing, and nothing more is taken', (t) => {
    const directory = folder(t)
    // A bound on the file's size takes a part of the write as a full disk does.
    const shell = 'trap "" XFSZ; ulimit -f 4; exec "$0" --input-type=module -e "$1" "$2" "$3"'
    const script = `
      const { Journal, keep, MemoryBus } = await import(process.argv[1])
      const topic = { name: 'items', partitioning: 'single', key: () => 'k', encode: (v) => Buffer.from(JSON.stringify(v)) }
      const journal = new Journal({ directory: process.argv[2], windowMs: 60_000, topics: [keep(topic, 'published')] })
      const bus = new MemoryBus({ maximumQueued: 9 }, { now: Date.now, journal, events: {} })
      const codes = await Promise.all([9000, 1].map(async (size, i) => {
        if (i > 0) await new Promise((resolve) => setTimeout(resolve, 50))
        return bus.publish(topic, 'x'.repeat(size)).then(() => 'taken', (error) => error.code)
      }))
      console.log(codes.join(' '))`
    const index = new URL('./index.ts', import.meta.url).href
    const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, script, index, directory], {
      encoding: 'utf8',
      timeout: 20_000,
    })
    assert.equal(stdout.trim(), 'failed closed', stderr)
  })

  test('a journal larger than what is read at once is found again to the last record', async (t) => {
    const directory = folder(t)
    const options = { directory, windowMs: 60_000, topics: [keep(topic, 'published')] }
    const first = new Journal(options)
    const count = 8_000
    await Promise.all(Array.from({ length: count }, (_, n) => first.keep(topic, record(n))))
    assert.ok(statSync(join(directory, 'journal.ndjson')).size > 512 * 1024)
    assert.deepEqual(
      numbersOf(new Journal(options)),
      Array.from({ length: count }, (_, n) => n),
    )
  })

  test('what is written after the start is not replayed', async (t) => {
    const options = { directory: folder(t), windowMs: 60_000, topics: [keep(topic, 'published')] }
    const journal = new Journal(options)
    await journal.keep(topic, record(1))
    assert.deepEqual(numbersOf(journal), [])
  })

  test('what comes before its consumer waits for it, so that a part may send what a later one takes', async (t) => {
    const options = { directory: folder(t), windowMs: 60_000, topics: [keep(topic, 'published')] }
    const bus = new MemoryBus(
      { maximumQueued: 2 },
      { events: SILENT_EVENTS, now: Date.now, journal: new Journal(options) },
    )
    for (const n of [1, 2, 3]) await bus.publish(topic, { key: 'k', n })
    const taken: number[] = []
    await bus.consume({
      group: 'g',
      mode: 'at-least-once',
      maximumInFlight: 10,
      subscriptions: [on(topic, ({ value }) => void taken.push(value.n))],
    })
    await bus.close()
    assert.deepEqual(taken, [2, 3])
  })

  test('records older than the window are forgotten, the file does not grow for ever', async (t) => {
    const directory = folder(t)
    let now = 1_790_000_000_000
    const options = { directory, windowMs: 1_000, topics: [keep(topic, 'published')] }
    const journal = new Journal(options, () => now)
    for (let n = 0; n < 100; n++) {
      now += 100
      await journal.keep(topic, record(n, now))
    }
    const kept = numbersOf(new Journal(options, () => now))
    assert.deepEqual(kept.slice(-3), [97, 98, 99])
    assert.ok(kept.length <= 11, String(kept.length))
    assert.ok(readFileSync(join(directory, 'journal.ndjson'), 'utf8').split('\n').length < 25)
  })

  test('a projection decides what is worth keeping', async (t) => {
    const directory = folder(t)
    const options = {
      directory,
      windowMs: 60_000,
      topics: [keep(topic, 'published', (value) => ({ ...value, key: 'hidden' }))],
    }
    const journal = new Journal(options)
    await journal.keep(topic, { ...record(1), value: { key: 'secret', n: 1 } })
    assert.doesNotMatch(readFileSync(join(directory, 'journal.ndjson'), 'utf8'), /secret/)
    assert.deepEqual(numbersOf(new Journal(options)), [1])
  })

  describe('what is kept until it is done', () => {
    const options = (directory: string) => ({
      directory,
      windowMs: 1_000,
      topics: [keep(topic, 'until-done')],
    })

    /** A process with this journal; `done` says which records its handler finishes. */
    function processOn(directory: string, done: (n: number) => boolean, now = Date.now) {
      const taken: number[] = []
      const bus = new MemoryBus(
        { maximumQueued: 100 },
        { events: SILENT_EVENTS, now, journal: new Journal(options(directory), now) },
      )
      const consume = () =>
        bus.consume({
          group: 'g',
          mode: 'at-least-once',
          maximumInFlight: 10,
          subscriptions: [
            on(topic, async ({ value }) => {
              taken.push(value.n)
              if (!done(value.n)) await new Promise(() => {})
            }),
          ],
        })
      return { bus, taken, consume }
    }

    const put = (bus: MemoryBus, n: number) => bus.publish(topic, { key: `k${n}`, n })

    test('a kill hands over again what no handler had finished, and nothing else', async (t) => {
      const directory = folder(t)
      const first = processOn(directory, (n) => n % 2 === 0)
      await first.consume()
      for (let n = 1; n <= 4; n++) await put(first.bus, n)
      await put(first.bus, 6)
      assert.deepEqual(first.taken, [1, 2, 3, 4, 6])
      await turn()
      const second = processOn(directory, (n) => n === 1)
      await second.consume()
      await turn()
      assert.deepEqual(second.taken, [1, 3])
      await turn()
      const third = processOn(directory, () => true)
      await third.consume()
      await turn()
      assert.deepEqual(third.taken, [3])
      await third.bus.close()
    })

    test('it outlives every turn of the file, once', async (t) => {
      const directory = folder(t)
      let nowMs = 1_790_000_000_000
      const first = processOn(
        directory,
        (n) => n > 1,
        () => nowMs,
      )
      await first.consume()
      for (let n = 1; n <= 50; n++) {
        nowMs += 500
        await put(first.bus, n)
      }
      await turn()
      const second = processOn(
        directory,
        () => true,
        () => nowMs,
      )
      await second.consume()
      await turn()
      assert.deepEqual(second.taken, [1])
      await second.bus.close()
    })

    test('a torn line owes nothing, and a line of another release stops nobody', async (t) => {
      const directory = folder(t)
      const first = processOn(directory, () => false)
      await first.consume()
      await put(first.bus, 1)
      appendFileSync(join(directory, 'journal.ndjson'), '{"t":"items","at":5,"i":"0a","r":{"other":1}}\n')
      appendFileSync(join(directory, 'journal.ndjson'), '{"t":"items","at":5,"i":"0b","r":{"ke')
      const second = processOn(directory, () => true)
      await second.consume()
      await turn()
      assert.deepEqual(second.taken, [1])
      await second.bus.close()
    })
  })

  test('a directory that cannot be used is one clear sentence', (t) => {
    const directory = join(folder(t), 'file', 'below')
    writeFileSync(join(directory, '..'), '')
    assert.throws(
      () => new Journal({ directory, windowMs: 1, topics: [] }),
      /the journal in .* cannot be opened/,
    )
  })
})
