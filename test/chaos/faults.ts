import { setTimeout as delay } from 'node:timers/promises'
import type { Installation } from './installation.ts'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'

/** One kind of bad luck. Resolves when what was broken may be whole again. */
export interface Fault {
  readonly name: string
  /** How often, beside the others. */
  readonly weight: number
  strike(installation: Installation, random: Random, told: (sentence: string) => void): Promise<void>
}

/** Longer than the session time-out, so that somebody else owns the partitions when it thaws. */
const FREEZE_MS = 13_000
const BROKER_AWAY_MS = 6_000
const READY_AGAIN_MS = 60_000

const anyReplica = (installation: Installation, random: Random) =>
  random.pick(installation.replicas.filter(({ frozen }) => !frozen))

const kill: Fault = {
  name: 'kill -9',
  weight: 4,
  async strike(installation, random, told) {
    const replica = anyReplica(installation, random)
    told(`kill -9 ${replica.name}`)
    replica.signal('SIGKILL')
    await readyAgain(replica)
  },
}

const terminate: Fault = {
  name: 'SIGTERM',
  weight: 3,
  async strike(installation, random, told) {
    const replica = anyReplica(installation, random)
    told(`SIGTERM ${replica.name}`)
    replica.signal('SIGTERM')
    await readyAgain(replica)
  },
}

const freeze: Fault = {
  name: 'freeze',
  weight: 2,
  async strike(installation, random, told) {
    const replica = anyReplica(installation, random)
    told(`freeze ${replica.name} for ${FREEZE_MS / 1000} s`)
    replica.freeze()
    await delay(FREEZE_MS)
    told(`thaw ${replica.name}`)
    replica.thaw()
    await readyAgain(replica)
  },
}

const broker: Fault = {
  name: 'broker',
  weight: 1,
  async strike({ kafka }, random, told) {
    const index = Math.floor(random.next() * kafka.brokers.split(',').length)
    told(`kill -9 broker ${index} for ${BROKER_AWAY_MS / 1000} s`)
    kafka.kill(index)
    await delay(BROKER_AWAY_MS)
    told(`restart broker ${index}`)
    kafka.restart(index)
    await delay(BROKER_AWAY_MS)
  },
}

const rolling: Fault = {
  name: 'rolling restart',
  weight: 1,
  async strike(installation, random, told) {
    const service = random.pick([...new Set(installation.replicas.map((replica) => replica.service))])
    told(`rolling restart of ${service}`)
    for (const replica of installation.of(service)) {
      replica.signal('SIGTERM')
      await readyAgain(replica)
    }
  },
}

export const FAULTS: readonly Fault[] = [kill, terminate, freeze, broker, rolling]

/** One of them, by weight. */
export function pickFault(random: Random, faults: readonly Fault[]): Fault {
  return random.pick(faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault)))
}

async function readyAgain(replica: Replica): Promise<void> {
  const giveUpAt = performance.now() + READY_AGAIN_MS
  // It has to be seen gone, or at least be given the time to go, before it can be back.
  await delay(1_500)
  while (!(await replica.isReady())) {
    if (performance.now() > giveUpAt)
      throw new Error(`${replica.name} does not come back:\n${replica.output.slice(-2_000)}`)
    await delay(200)
  }
}
