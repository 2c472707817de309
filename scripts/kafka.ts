// Starts a real Apache Kafka for tests and for a laptop: KAFKA_BROKERS if set, else Docker, else the broker's own
// jars from Maven Central on Java 17. `npm run kafka -- --help` tells more.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startDocker } from './kafka/docker.ts'
import { startJava } from './kafka/java.ts'
import { canConnect, type KafkaOptions, missing, type RunningKafka } from './kafka/running.ts'

export type { KafkaOptions, RunningKafka } from './kafka/running.ts'

const HELP = `npm run kafka [-- options]

Starts one Kafka broker on 127.0.0.1 and prints the line to export. Ctrl-C stops it and removes its data.

  KAFKA_BROKERS set   nothing is started, the brokers are checked
  Docker engine       the image apache/kafka
  else                Kafka's jars from Maven Central, with Java 17 and mvn

Options
  --port N    port of the (first) broker, default: any free one
  --nodes N   1 or 3 brokers (3: replicated topics; needs Java)
  --help`

function notOurs(): never {
  throw new Error(
    'the brokers in KAFKA_BROKERS belong to somebody: unset it, and one is started to be broken',
  )
}

async function checkGiven(brokers: string): Promise<RunningKafka> {
  for (const broker of brokers.split(',')) {
    const [host = '', port] = broker.split(':')
    if (await canConnect(host, Number(port)))
      return {
        brokers,
        processIds: [],
        stop: async () => {},
        kill: notOurs,
        restart: notOurs,
        freeze: notOurs,
        thaw: notOurs,
        throttle: notOurs,
      }
  }
  throw new Error(`KAFKA_BROKERS=${brokers}: none of them answers. Unset it, or start them.`)
}

/** A running Kafka: `brokers` for clients, `stop()`, and for chaos `kill(index)`, `freeze(index)` and back. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const given = process.env.KAFKA_BROKERS
  const { users, signOn, properties } = options
  const ownRules = [users, signOn, properties].some((it) => it !== undefined)
  if (given !== undefined && given !== '' && !ownRules) return checkGiven(given)
  const single = (options.nodes ?? 1) === 1 && !ownRules
  return single && !missing('docker', ['info']) ? startDocker(options) : startJava(options)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, nodes: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      process.stdout.write(`${HELP}\n`)
      process.exit(0)
    }
    const kafka = await startKafka({
      ...(values.port !== undefined && { port: Number(values.port) }),
      nodes: Number(values.nodes ?? 1),
      out: process.stderr,
    })
    process.stdout.write(
      `Kafka is ready. In another terminal:\n\n  export KAFKA_BROKERS=${kafka.brokers}\n\nCtrl-C stops it.\n`,
    )
    const keepAlive = setInterval(() => {}, 60_000)
    const end = () => {
      clearInterval(keepAlive)
      void kafka.stop().then(() => process.exit(0))
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
