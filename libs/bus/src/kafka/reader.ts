import type { Topic } from '@ipsmgw/events'
import type { KafkaMessage } from 'kafkajs'
import type { BusEvents, BusRecord, RecordId } from '../bus.ts'
import type { PayloadCipher } from './cipher.ts'

/** What a record occupies while it is in our hands. */
export function octetsOf(message: KafkaMessage): number {
  return message.value?.length ?? 0
}

/** Records from messages: deciphered, decoded, checked. Anybody may have written them. */
export class RecordReader {
  readonly #cipher: PayloadCipher | undefined
  readonly #events: BusEvents

  constructor(cipher: PayloadCipher | undefined, events: BusEvents) {
    this.#cipher = cipher
    this.#events = events
  }

  /** The record; or a promise that settles when the owner has put away what cannot be read. */
  read<T>(topic: Topic<T>, partition: number, message: KafkaMessage): BusRecord<T> | Promise<void> {
    const offset = Number(message.offset)
    try {
      const octets = message.value ?? Buffer.alloc(0)
      const traceparent = message.headers?.traceparent?.toString()
      return {
        topic: topic.name,
        value: topic.decode(this.#cipher === undefined ? octets : this.#cipher.open(topic.name, octets)),
        key: message.key?.toString('utf8') ?? '',
        partition,
        offset,
        timestampMs: Number(message.timestamp),
        ...(traceparent !== undefined && { traceparent }),
      }
    } catch (error) {
      const id: RecordId = { topic: topic.name, partition, offset, lengthOctets: octetsOf(message) }
      return Promise.resolve(this.#events.unreadable(id, error as Error))
    }
  }
}
