// neighbours: kafka
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type KafkaBus, on } from '@ipsmgw/bus'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { eventually } from '../../support/eventually.ts'
import { itemTopic, openBus, settingsFor } from './installation.ts'
import type { Note } from './member-process.ts'

let kafka: RunningKafka
let bus: KafkaBus

before(async () => {
  kafka = await startKafka({ out: process.stderr })
})
after(async () => {
  await bus?.close()
  await kafka.stop()
})

test('design Never twice 2: a member frozen past its session owns nothing when it thaws, and is handed nothing twice', async () => {
  const settings = settingsFor(kafka.brokers, { partitions: 1 })
  const topic = itemTopic('frozen')
  bus = await openBus(settings, [topic])
  const notes: Note[] = []
  const file = fileURLToPath(new URL('member-process.ts', import.meta.url))
  const member = fork(file, [JSON.stringify(settings), topic.name], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  member.on('message', (note: Note) => notes.push(note))
  const handed = () => notes.flatMap((note) => (note.kind === 'handed' ? [note.n] : []))
  try {
    await eventually(() => notes.some(({ kind }) => kind === 'ready'), 'the member')
    await bus.publish(topic, { key: 'a', n: 1 })
    await eventually(() => handed().includes(1), 'its claim')
    member.kill('SIGSTOP')

    const taken: number[] = []
    await bus.consume({
      group: 'frozen',
      mode: 'claim',
      maximumInFlight: 100,
      subscriptions: [on(topic, ({ value }) => void taken.push(value.n))],
    })
    for (let n = 2; n < 20; n++) await bus.publish(topic, { key: 'a', n })
    await eventually(() => taken.length === 18, 'the rest, once the session is over', 30_000)
    member.kill('SIGCONT')
    await eventually(() => notes.some(({ kind }) => kind === 'looked'), 'its first look after the thaw')
    const look = notes.find((note) => note.kind === 'looked')
    assert.deepEqual([look?.n, look?.owned], [1, false], JSON.stringify(look))

    // Back in the group, it gets or gets not the partition; nobody is handed anything again.
    for (let n = 20; n < 40; n++) await bus.publish(topic, { key: 'a', n })
    await eventually(() => handed().length + taken.length >= 39, 'all of them')
    const all = [...handed(), ...taken].sort((a, b) => a - b)
    assert.deepEqual(
      all,
      Array.from({ length: 39 }, (_, n) => n + 1),
    )
  } finally {
    member.kill('SIGKILL')
    await once(member, 'exit')
  }
})
