// `npm run chaos`: the gateway under fire. `npm run chaos -- --help` tells more.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runChaos } from './chaos.ts'
import { FAULTS } from './faults.ts'
import { isGood, isTelling } from './judge.ts'
import { describeAll, describeOutcome } from './report.ts'

const HELP = `npm run chaos [-- options]

Starts Kafka, the lab and replicas of each service as processes, sends instant messages through a front that tries
the next ingress, breaks things at random, and compares what each sender was told with what each phone got.

Options
  --minutes N    how long                                   [30]
  --rate N       messages a second                          [20]
  --brokers N    1 or 3                                     [3]
  --replicas N   of each service                            [2]
  --every S      seconds between faults, on the average     [5]
  --only NAMES   of: ${FAULTS.map(({ name }) => name).join(', ')} (with commas)
  --seed N       the same faults in the same order again    [drawn]
  --stories FILE the story of every message that was not simply delivered
  --help

SIGTERM to this process alone ends it early, with a verdict.

Exit code: 0 nobody was lied to, 1 somebody was.`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '20' },
    brokers: { type: 'string', default: '3' },
    replicas: { type: 'string', default: '2' },
    every: { type: 'string', default: '5' },
    only: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    stories: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(`${HELP}\n`)
  process.exit(0)
}
const names = values.only?.split(',')
const faults = FAULTS.filter(({ name }) => names === undefined || names.includes(name))
if (faults.length === 0) {
  process.stderr.write(`--only ${values.only}: there is no such fault\n`)
  process.exit(2)
}
process.stdout.write(`seed ${values.seed}\n`)
const ending = new AbortController()
process.once('SIGTERM', () => {
  process.stdout.write('No further faults; what was sent is judged.\n')
  ending.abort()
})
const outcome = await runChaos({
  durationMs: Number(values.minutes) * 60_000,
  ratePerSecond: Number(values.rate),
  brokers: Number(values.brokers),
  replicas: Number(values.replicas),
  faultEveryMs: Number(values.every) * 1000,
  seed: Number(values.seed),
  faults,
  verbose: true,
  ending: ending.signal,
  wired: true,
  told: (sentence) => process.stdout.write(`${sentence}\n`),
})
process.stdout.write(`\n${describeOutcome(outcome)}\n`)
if (values.stories !== undefined) writeFileSync(values.stories, describeAll(outcome))
if (!isTelling(outcome)) process.stdout.write('Too little arrived for this to prove anything.\n')
process.exitCode = isGood(outcome) && isTelling(outcome) ? 0 : 1
