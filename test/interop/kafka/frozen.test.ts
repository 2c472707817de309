// neighbours: kafka
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type KafkaBus, type KafkaSettings, on } from '@ipsmgw/bus'
import type { Topic } from '@ipsmgw/events'
import { type RunningKafka, startKafka } from '../../../scripts/kafka.ts'
import { eventually } from '../../support/eventually.ts'
import { type Item, itemTopic, openBus, settingsFor } from './installation.ts'
import type { Note } from './member-process.ts'

let kafka: RunningKafka
const open: KafkaBus[] = []

before(async () => {
  kafka = await startKafka({ out: process.stderr })
})
after(async () => {
  await Promise.all(open.map((bus) => bus.close()))
  await kafka.stop()
})

for (const [what, comesHome] of [
  ['and is handed nothing twice', false],
  ['nor what was claimed while the partition was away, when it comes home', true],
] as const)
  test(`design Never twice 2: a member frozen past its session owns nothing when it thaws, ${what}`, async () => {
    const settings = settingsFor(kafka.brokers, { partitions: 1 })
    const topic = itemTopic('frozen')
    const bus = await openBus(settings, [topic])
    open.push(bus)
    const { member, notes, handed } = startMember(settings, topic)
    try {
      await eventually(() => notes.some(({ kind }) => kind === 'ready'), 'the member', 20_000)
      await bus.publish(topic, { key: 'a', n: 1 })
      await eventually(() => handed().includes(1), 'its claim')
      member.kill('SIGSTOP')

      const taken: number[] = []
      const other = await bus.consume({
        group: 'frozen',
        mode: 'claim',
        maximumInFlight: 100,
        subscriptions: [on(topic, ({ value }) => void taken.push(value.n))],
      })
      for (let n = 2; n < 20; n++) await bus.publish(topic, { key: 'a', n })
      await eventually(() => taken.length === 18, 'the rest, once the session is over', 30_000)
      if (comesHome) await other.close()
      member.kill('SIGCONT')
      const look = await eventually(() => notes.find((note) => note.kind === 'looked'), 'its first look')
      assert.deepEqual([look.n, look.owned], [1, false], JSON.stringify(look))

      for (let n = 20; n < 40; n++) await bus.publish(topic, { key: `k${n}`, n })
      await eventually(() => handed().length + taken.length >= 39, 'all of them', 20_000)
      if (comesHome) assert.deepEqual(handed(), [1, ...Array.from({ length: 20 }, (_, n) => n + 20)])
      assert.deepEqual(
        [...handed(), ...taken].sort((a, b) => a - b),
        Array.from({ length: 39 }, (_, n) => n + 1),
      )
    } finally {
      member.kill('SIGKILL')
      await once(member, 'exit')
    }
  })

function startMember(settings: KafkaSettings, topic: Topic<Item>) {
  const file = fileURLToPath(new URL('member-process.ts', import.meta.url))
  const member = fork(file, [JSON.stringify(settings), topic.name], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const notes: Note[] = []
  member.on('message', (note: Note) => notes.push(note))
  const handed = () => notes.flatMap((note) => (note.kind === 'handed' ? [note.n] : []))
  return { member, notes, handed }
}
