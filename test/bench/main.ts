// `npm run bench [-- sip sms ...]`: every bench in a process of its own, one after the other.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BENCHES = [
  'sip',
  'sms',
  'diameter',
  'map',
  'routing',
  'gateway',
  'map-gateway',
  'overload',
  'kafka',
  'commit',
  'restore',
  'in-flight',
  'scale',
]

const named = process.argv.slice(2)
const unknown = named.find((name) => !BENCHES.includes(name))
if (unknown !== undefined) {
  process.stderr.write(`There is no bench '${unknown}'; there are: ${BENCHES.join(', ')}.\n`)
  process.exitCode = 2
} else {
  for (const name of named.length === 0 ? BENCHES : named) {
    const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
    const { status } = spawnSync(process.execPath, [file], { stdio: 'inherit' })
    if (status !== 0) process.exitCode = 1
  }
}
