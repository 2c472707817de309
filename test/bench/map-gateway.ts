/**
 * The standalone gateway under SIPp, delivering over MAP to an MSC and, as the baseline, over SGd to an MME. Gateway,
 * lab and SIPp share the cores; the two ways take turns, and of each the best round counts.
 */
import { startLab } from '../support/separate-processes.ts'
import { type Figure, report } from './measure.ts'
import { startGateway } from './measured-gateway.ts'
import { type Load, type Measured, measure, percentile } from './measured-load.ts'

const WARM_UP: Load = { transport: 'tcp', ratePerSecond: 500, messages: 4_000 }
const STEADY: Load = { transport: 'tcp', ratePerSecond: 300, messages: 3_000 }
const FULL: Load = { transport: 'tcp', ratePerSecond: 20_000, messages: 10_000, maximumOpen: 100 }
const ROUNDS = 3

interface Round {
  readonly steady: Measured
  readonly full: Measured
}

/** A gateway and a lab of their own, whose subscribers sit on one kind of node. */
async function start(node: 'msc' | 'mme') {
  const lab = await startLab({ IPSMGW_LAB_DEFAULT_NODE: node })
  const { process, port, stop } = await startGateway(lab)
  await measure(process, port, WARM_UP, 'warm-up')
  return {
    async round(): Promise<Round> {
      const steady = await measure(process, port, STEADY, node)
      return { steady, full: await measure(process, port, FULL, node) }
    },
    async stop(): Promise<void> {
      await stop()
      await lab.stop()
    },
  }
}

const least = (rounds: readonly Round[], of: (round: Round) => number) => Math.min(...rounds.map(of))

function figures(map: readonly Round[], sgd: readonly Round[]): Figure[] {
  const name = 'SGd'
  const both = (of: (round: Round) => number) => ({
    value: least(map, of),
    baseline: { name, value: least(sgd, of) },
  })
  const steady = `SIPp over tcp, ${STEADY.messages} at ${STEADY.ratePerSecond}/s`
  const full = `SIPp over tcp, ${FULL.messages}, ${FULL.maximumOpen} open`
  return [
    {
      what: 'gateway CPU a message',
      input: full,
      unit: 'ms',
      ...both((it) => it.full.cpuMsPerMessage),
      target: { ratioAtMost: 1.15 },
    },
    { what: 'time a message', input: full, unit: 'ms', ...both((it) => 1_000 / it.full.perSecond) },
    {
      what: 'response time, p50',
      input: steady,
      unit: 'ms',
      ...both((it) => Math.max(1, percentile(it.steady, 0.5))),
      target: { ratioAtMost: 1.15 },
    },
    {
      what: 'response time, p99',
      input: steady,
      unit: 'ms',
      ...both((it) => Math.max(1, percentile(it.steady, 0.99))),
    },
  ]
}

const ways = [await start('msc'), await start('mme')] as const
try {
  const map: Round[] = []
  const sgd: Round[] = []
  for (let i = 0; i < ROUNDS; i++) {
    map.push(await ways[0].round())
    sgd.push(await ways[1].round())
  }
  report('standalone gateway, delivery over MAP beside SGd', figures(map, sgd))
} finally {
  await Promise.all(ways.map((way) => way.stop()))
}
