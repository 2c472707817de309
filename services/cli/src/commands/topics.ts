import { parseArgs } from 'node:util'
import { BusError, kafkaSchema, manageTopics, type TopicState } from '@ipsmgw/bus'
import { ConfigError, loadConfig } from '@ipsmgw/config'
import { TOPICS } from '@ipsmgw/events'
import Type from 'typebox'

const HELP = `ipsmgw topics [--create] [options]

Verifies the Kafka topics of an installation: there, with the right partitions, kept long enough. What is wrong is
named, never changed: another partition count would part equal keys.

Options
  --create         make what is missing
  --config FILE    configuration of a service; its kafka section is read, and IPSMGW_KAFKA_... from the environment
  --brokers LIST   host:port, several with commas, instead
  --replicas N     of topics that are made               [kafka.replicationFactor]
  --json           JSON instead of lines
  --help

Exit code: 0 all topics fit, 1 something does not, 2 wrong usage or no broker.

Example
  ipsmgw topics --create --brokers 127.0.0.1:9092 --replicas 1`

/** The part of a service's configuration that this command needs; other sections are the service's own. */
const schema = Type.Object({ kafka: kafkaSchema })

export const topics = {
  summary: 'create or verify the topics in Kafka',
  async run(args: string[]): Promise<number> {
    const { values } = parseArgs({
      args,
      options: {
        create: { type: 'boolean' },
        config: { type: 'string' },
        brokers: { type: 'string' },
        replicas: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help) {
      console.log(HELP)
      return 0
    }
    try {
      const { config } = loadConfig(schema, {
        base: { kafka: {} },
        ...(values.config !== undefined && { file: values.config }),
        environment: { ...process.env, ...variables(values) },
      })
      const states = await manageTopics(config.kafka, TOPICS, values.create === true, () => {})
      console.log(values.json ? JSON.stringify(states, undefined, 2) : states.map(line).join('\n'))
      return states.every(({ problems }) => problems.length === 0) ? 0 : 1
    } catch (error) {
      if (!(error instanceof BusError) && !(error instanceof ConfigError)) throw error
      console.error(error.message)
      return 2
    }
  },
}

function variables({ brokers, replicas }: { brokers?: string | undefined; replicas?: string | undefined }) {
  return {
    ...(brokers !== undefined && { IPSMGW_KAFKA_BROKERS: JSON.stringify(brokers.split(',')) }),
    ...(replicas !== undefined && { IPSMGW_KAFKA_REPLICATION_FACTOR: replicas }),
  }
}

function line({ name, state, problems, warnings }: TopicState): string {
  const remarks = [
    ...(state === 'wrong' ? problems : []),
    ...warnings.map((warning) => `warning: ${warning}`),
  ]
  return `${state.padEnd(8)} ${name}${remarks.map((remark) => `\n         ${remark}`).join('')}`
}
