export {
  type AnyReplaySource,
  type AnySubscription,
  type Bus,
  BusError,
  type BusEvents,
  type BusHealth,
  type BusRecord,
  type ConsumeOptions,
  type Consumer,
  from,
  on,
  type PublishOptions,
  type RecordContext,
  type RecordId,
  type ReplayOptions,
} from './bus.ts'
export { type AnyJournalTopic, Journal, type JournalOptions, keep } from './journal.ts'
export { type KafkaLog, type KafkaSettings, kafkaSchema } from './kafka/config.ts'
export { KafkaBus, type KafkaBusDependencies } from './kafka/kafka-bus.ts'
export { manageTopics } from './kafka/manage.ts'
export { createKafkaPart, type KafkaOwner, type KafkaPart } from './kafka/open.ts'
export type { TopicState } from './kafka/topics.ts'
export { Lanes } from './lanes.ts'
export { MemoryBus, type MemoryBusOptions } from './memory-bus.ts'
export { insist } from './perform.ts'
export { type BusReportDependencies, createBusReport } from './report.ts'
