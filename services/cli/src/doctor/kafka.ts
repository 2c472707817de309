import { BusError, type KafkaSettings, manageTopics } from '@ipsmgw/bus'
import { TOPICS } from '@ipsmgw/events'
import { bad, type Finding, good, warn } from './finding.ts'
import { unreachable } from './reach.ts'

/** Each broker by itself, then the topics as any service would find them. */
export async function examineKafka(settings: KafkaSettings, timeoutMs: number): Promise<Finding[]> {
  const brokers = await Promise.all(settings.brokers.map((broker) => examineBroker(broker, timeoutMs)))
  if (brokers.every(({ state }) => state === 'bad')) return brokers
  return [...brokers, ...(await examineTopics(settings))]
}

async function examineBroker(broker: string, timeoutMs: number): Promise<Finding> {
  const subject = `Kafka ${broker}`
  const colon = broker.lastIndexOf(':')
  const why = await unreachable(broker.slice(0, colon), Number(broker.slice(colon + 1)), timeoutMs)
  return why === undefined
    ? good(subject, 'reachable')
    : bad(subject, why, 'kafka.brokers, the network policy to the brokers, and whether they run')
}

async function examineTopics(settings: KafkaSettings): Promise<Finding[]> {
  try {
    const states = await manageTopics(settings, TOPICS, false, () => {})
    const sound = states.filter(({ problems, warnings }) => problems.length + warnings.length === 0)
    if (sound.length === states.length)
      return [good('Kafka topics', `all ${states.length} are as they should be`)]
    return states.map(({ name, state, problems, warnings }) => {
      const subject = `topic ${name}`
      if (problems.length > 0)
        return bad(subject, problems.join('; '), 'k8s/kafka/topics.yaml, or: ipsmgw topics --create')
      return warnings.length > 0
        ? warn(subject, warnings.join('; '), 'three replicas and two in sync keep acknowledged records')
        : good(subject, state)
    })
  } catch (error) {
    if (!(error instanceof BusError)) throw error
    return [bad('Kafka topics', error.message, 'TLS, user and rights: k8s/kafka/users.yaml')]
  }
}
