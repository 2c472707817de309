// `npm run fuzz`: a million damaged inputs per decoder. `npm run fuzz -- sip cpim --inputs 100000 --seed 7` narrows it.
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { FuzzFailure, type FuzzResult } from './harness.ts'
import { progressOf, sharedProgress } from './progress.ts'
import { TARGETS } from './targets/index.ts'

/** An input that is still being read after this never ends. */
const HANG_MS = 10_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
  },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed)
const known = TARGETS.map(({ name }) => name)
const unknown = positionals.filter((name) => !known.includes(name))
if (unknown.length > 0 || !Number.isInteger(inputs) || inputs < 1 || !Number.isInteger(seed)) {
  console.error(`usage: npm run fuzz -- [${known.join('|')}]… [--inputs N] [--seed N]`)
  process.exit(2)
}

console.log(`seed ${seed}`)
console.log('target       inputs  inputs/s  readable  slowest ms')
for (const name of positionals.length > 0 ? positionals : known) {
  try {
    console.log(rowOf(await run(name)))
  } catch (error) {
    console.error(`✖ ${name}: ${(error as Error).message}`)
    process.exitCode = 1
  }
}

function run(name: string): Promise<FuzzResult> {
  const shared = sharedProgress()
  const progress = progressOf(shared)
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { name, inputs, seed, shared },
  })
  let count = -1
  let watchdog: NodeJS.Timeout | undefined
  return new Promise<FuzzResult>((resolve, reject) => {
    watchdog = setInterval(() => {
      if (progress.count() === count) reject(new FuzzFailure(name, 'never ended', progress.input()))
      count = progress.count()
    }, HANG_MS)
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => setImmediate(reject, new Error('ended without a result')))
  }).finally(() => {
    clearInterval(watchdog)
    return worker.terminate()
  })
}

function rowOf({ name, inputs: count, inputsPerSecond, readable, slowestMs }: FuzzResult): string {
  const columns = [
    name.padEnd(10),
    String(count).padStart(8),
    String(inputsPerSecond).padStart(9),
    `${((100 * readable) / count).toFixed(1)} %`.padStart(9),
    slowestMs.toFixed(2).padStart(11),
  ]
  return columns.join(' ')
}
