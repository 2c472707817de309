import { setTimeout as delay } from 'node:timers/promises'
import type { Installation } from './installation.ts'
import { CLOCK_OFFSET } from './preload.ts'
import type { Random } from './random.ts'
import type { Replica } from './replica.ts'
import type { Side } from './wires.ts'

/** One kind of bad luck. Resolves when what was broken may be whole again. */
export interface Fault {
  readonly name: string
  /** How often in one round of all of them. */
  readonly weight: number
  strike(installation: Installation, random: Random, told: (sentence: string) => void): Promise<void>
}

/** Longer than the session time-out, so that somebody else owns the partitions when it thaws. */
const FREEZE_MS = 13_000
const BROKER_AWAY_MS = 6_000
/** Until clients have found it again and what waited is done. */
const BROKER_BACK_MS = 12_000
const READY_AGAIN_MS = 120_000
/** A line that is lost at once, and one that leads nowhere for a while. */
const CUT_MS = [0, 0, 3_000, 8_000]
const SILENCE_MS = [4_000, 12_000]
/** Services that talk to nodes of the network. */
const TALKERS = ['sm-delivery', 'hss-routing']
/** Within what is asked of clocks (correlation.clockSkewMs); an ingress may be wrong by more. */
const SKEW_MS = 400
const INGRESS_SKEW_MS = 20_000
const SKEWED_FOR_MS = 12_000
/** About what `correlation` reads of ten messages a second, and less than it reads after a takeover. */
const THROTTLE_OCTETS_PER_SECOND = 12_000
const THROTTLED_FOR_MS = 8_000

const anyReplica = (installation: Installation, random: Random) =>
  random.pick(installation.replicas.filter(({ frozen }) => !frozen))

const kill: Fault = {
  name: 'kill -9',
  weight: 3,
  async strike(installation, random, told) {
    const replica = anyReplica(installation, random)
    told(`kill -9 ${replica.name}`)
    replica.signal('SIGKILL')
    await readyAgain(replica)
  },
}

const terminate: Fault = {
  name: 'SIGTERM',
  weight: 2,
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
    await delay(BROKER_BACK_MS)
  },
}

const silentBroker: Fault = {
  name: 'silent broker',
  weight: 1,
  async strike({ kafka }, random, told) {
    const index = Math.floor(random.next() * kafka.brokers.split(',').length)
    told(`freeze broker ${index} for ${BROKER_AWAY_MS / 1000} s`)
    kafka.freeze(index)
    await delay(BROKER_AWAY_MS)
    told(`thaw broker ${index}`)
    kafka.thaw(index)
    await delay(BROKER_BACK_MS)
  },
}

const rolling: Fault = {
  name: 'rolling restart',
  weight: 1,
  async strike(installation, random, told) {
    const service = random.pick([...new Set(installation.replicas.map((replica) => replica.service))])
    told(`rolling restart of ${service}`)
    await restartInTurn(installation.of(service))
  },
}

/** Lines of one replica are lost, at once or for a while. */
const cut: Fault = {
  name: 'cut',
  weight: 2,
  async strike(installation, random, told) {
    const { replica, side } = anyLine(installation, random)
    const durationMs = random.pick(CUT_MS)
    const lines = installation.wires?.cut(replica.name, side)
    told(
      `cut ${lines} lines of ${replica.name} to ${side}${durationMs === 0 ? '' : ` for ${durationMs / 1000} s`}`,
    )
    await delay(durationMs)
    installation.wires?.mend(replica.name, side)
    if (durationMs > 0) told(`mend lines of ${replica.name}`)
    await readyAgain(replica)
  },
}

/** Lines of one replica stay open, and nothing passes. */
const silentLine: Fault = {
  name: 'silent line',
  weight: 1,
  async strike(installation, random, told) {
    const { replica, side } = anyLine(installation, random)
    const durationMs = random.pick(SILENCE_MS)
    const lines = installation.wires?.silence(replica.name, side)
    told(`silence ${lines} lines of ${replica.name} to ${side} for ${durationMs / 1000} s`)
    await delay(durationMs)
    told(`mend lines of ${replica.name}`)
    installation.wires?.mend(replica.name, side)
    await readyAgain(replica)
  },
}

function anyLine(installation: Installation, random: Random): { replica: Replica; side: Side } {
  const side = random.pick<Side>(['brokers', 'neighbours'])
  const replicas = installation.replicas.filter(
    ({ service }) => side === 'brokers' || TALKERS.includes(service),
  )
  return { replica: random.pick(replicas), side }
}

const skew: Fault = {
  name: 'skewed clock',
  weight: 1,
  async strike(installation, random, told) {
    const replica = anyReplica(installation, random)
    const boundMs = replica.service === 'sip-ingress' ? INGRESS_SKEW_MS : SKEW_MS
    const offsetMs = Math.round(random.between(-boundMs, boundMs))
    told(`${replica.name} starts again with its clock off by ${offsetMs} ms`)
    replica.become({ [CLOCK_OFFSET]: String(offsetMs) })
    await restartInTurn([replica])
    await delay(SKEWED_FOR_MS)
    told(`${replica.name} starts again with its clock right`)
    replica.become({})
    await restartInTurn([replica])
  },
}

const throttle: Fault = {
  name: 'throttled broker',
  weight: 1,
  async strike({ kafka }, _, told) {
    told(`brokers give each client ${THROTTLE_OCTETS_PER_SECOND} octets a second`)
    await kafka.throttle(THROTTLE_OCTETS_PER_SECOND)
    await delay(THROTTLED_FOR_MS)
    await kafka.throttle()
    told('brokers throttle nobody any more')
    await delay(BROKER_BACK_MS)
  },
}

export const FAULTS: readonly Fault[] = [
  kill,
  terminate,
  freeze,
  broker,
  silentBroker,
  rolling,
  cut,
  silentLine,
  skew,
  throttle,
]

/** All of them, as often as their weight says, in an order drawn anew each time: a short run meets every kind. */
export function* dealFaults(random: Random, faults: readonly Fault[]): Generator<Fault, never> {
  const deck = faults.flatMap((fault) => Array<Fault>(fault.weight).fill(fault))
  for (;;) yield* random.shuffled(deck)
}

/** One after the other is asked to stop, and waited for until it is back. */
export async function restartInTurn(replicas: readonly Replica[]): Promise<void> {
  for (const replica of replicas) {
    replica.signal('SIGTERM')
    await readyAgain(replica)
  }
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
