import { BusError } from '../bus.ts'
import { createKafka, type KafkaLog, type KafkaSettings } from './config.ts'
import { refusalOf } from './refusal.ts'
import { checkTopics, type TopicPlan, type TopicState } from './topics.ts'

/** Creates or verifies the topics of an installation, as an operator asks for it. Throws BusError without a broker. */
export async function manageTopics(
  settings: KafkaSettings,
  topics: TopicPlan['topics'],
  create: boolean,
  log: KafkaLog,
): Promise<TopicState[]> {
  const admin = createKafka(settings, 'ipsmgw-topics', log).admin()
  try {
    await admin.connect()
    return await checkTopics(admin, { ...settings, topics, create })
  } catch (cause) {
    if (cause instanceof BusError) throw cause
    throw new BusError('failed', refusalOf(cause, settings), { cause })
  } finally {
    await admin.disconnect()
  }
}
