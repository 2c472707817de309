import type { Topic } from '@ipsmgw/events'
import {
  type AnySubscription,
  type Bus,
  BusError,
  type BusEvents,
  type BusHealth,
  type BusRecord,
  type ConsumeOptions,
  type Consumer,
  type PublishOptions,
} from './bus.ts'
import type { Journal } from './journal.ts'
import { Lanes } from './lanes.ts'
import { AGAIN, type AgainOptions, type Performance, perform } from './perform.ts'
import { type BusIdentity, endSend, processed, recordIdOf, startSend } from './tracing.ts'

export interface MemoryBusOptions {
  /** Records waiting or being handled, per consumer; above it `publish` rejects with `full`. */
  readonly maximumQueued: number
}

export interface MemoryBusDependencies {
  readonly events: BusEvents
  now(): number
  /** Remembers what must outlive the process; without it nothing does. */
  readonly journal?: Journal
}

const PARTITION = 0
const IDENTITY: BusIdentity = { system: 'memory', prefix: '' }
const OWNED = { owned: () => true }
const NOT_OWNED = { owned: () => false }

/**
 * The bus inside one process: one partition, values handed over by reference, never re-entrant. With a journal the
 * records it keeps are on disk before `publish` resolves, and claims before a handler sees its record.
 */
export class MemoryBus implements Bus {
  readonly #options: MemoryBusOptions
  readonly #dependencies: MemoryBusDependencies
  readonly #consumers = new Map<string, Set<MemoryConsumer>>()
  readonly #replies = new Map<string, (value: unknown) => void>()
  /** Records of the journal's topics that came before their consumer, as a part that starts earlier may send them. */
  readonly #early = new Map<string, BusRecord<unknown>[]>()
  #due: (() => void)[] = []
  #offset = 0
  #closed = false

  constructor(options: MemoryBusOptions, dependencies: MemoryBusDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  publish<T>(topic: Topic<T>, value: T, options: PublishOptions = {}): Promise<void> {
    if (this.#closed) return Promise.reject(new BusError('closed', 'the bus is closed'))
    const broken = this.#dependencies.journal?.fault()
    // Nothing is handed over that cannot be remembered: the sender hears at once that nothing was sent.
    if (broken !== undefined) return Promise.reject(new BusError('closed', broken.message, { cause: broken }))
    if (topic.partitioning === 'reply') {
      const handle = this.#replies.get(`${topic.name}/${options.partition ?? 0}`)
      const span = startSend(topic.name, value, IDENTITY)
      if (handle !== undefined) this.#reply(this.#recordOf(topic, value, span.traceparent), handle)
      return endSend(span)
    }
    const consumers = this.#consumers.get(topic.name)
    if (consumers !== undefined)
      for (const consumer of consumers)
        if (consumer.queued >= this.#options.maximumQueued)
          return Promise.reject(
            new BusError('full', `${topic.name}: ${consumer.queued} records wait already`),
          )
    const span = startSend(topic.name, value, IDENTITY)
    const record = this.#recordOf(topic, value, span.traceparent)
    const kept = this.#dependencies.journal?.keep(topic, record)
    if (consumers !== undefined) for (const consumer of consumers) consumer.take(record)
    else if (kept !== undefined) this.#holdBack(record)
    return endSend(span, kept)
  }

  async consume(options: ConsumeOptions): Promise<Consumer> {
    const { journal, events, now } = this.#dependencies
    options.onAssigned?.([PARTITION])
    for (const source of options.replay?.sources ?? [])
      for (const record of journal?.replay(source.topic) ?? []) source.apply(record)
    options.onReplayed?.(PARTITION)
    const claims = options.mode === 'claim' ? journal : undefined
    const consumer = new MemoryConsumer(
      options,
      events,
      claims,
      options.mode === 'at-least-once' ? journal : undefined,
      now,
      (work) => this.#soon(work),
      () => this.#leave(consumer),
    )
    for (const { topic } of options.subscriptions) {
      const consumers = this.#consumers.get(topic.name)
      if (consumers === undefined) this.#consumers.set(topic.name, new Set([consumer]))
      else consumers.add(consumer)
      if (options.mode === 'at-least-once')
        for (const record of journal?.undone(topic) ?? []) consumer.take(record)
      for (const record of this.#early.get(topic.name) ?? []) consumer.take(record)
      this.#early.delete(topic.name)
    }
    return consumer
  }

  async replies<T>(topic: Topic<T>, partition: number, handle: (value: T) => void): Promise<Consumer> {
    const name = `${topic.name}/${partition}`
    this.#replies.set(name, handle as (value: unknown) => void)
    return {
      close: async () => {
        this.#replies.delete(name)
      },
    }
  }

  health(): BusHealth {
    const broken = this.#dependencies.journal?.fault()
    if (broken !== undefined) return { ready: false, detail: `journal: ${broken.message}` }
    return this.#closed ? { ready: false, detail: 'closed' } : { ready: true, detail: 'ok' }
  }

  async close(): Promise<void> {
    const consumers = new Set([...this.#consumers.values()].flatMap((set) => [...set]))
    await Promise.all([...consumers].map((consumer) => consumer.close()))
    this.#closed = true
    await this.#dependencies.journal?.close()
  }

  #recordOf<T>(topic: Topic<T>, value: T, traceparent?: string): BusRecord<unknown> {
    return {
      topic: topic.name,
      value,
      key: topic.key(value),
      partition: PARTITION,
      offset: this.#offset++,
      timestampMs: this.#dependencies.now(),
      ...(traceparent !== undefined && { traceparent }),
    }
  }

  #reply(record: BusRecord<unknown>, handle: (value: unknown) => void): void {
    this.#soon(() => void processed(record, undefined, IDENTITY, () => handle(record.value)))
  }

  /** Above the bound the oldest is left to the journal. */
  #holdBack(record: BusRecord<unknown>): void {
    const early = this.#early.get(record.topic) ?? []
    this.#early.set(record.topic, early)
    early.push(record)
    if (early.length > this.#options.maximumQueued) early.shift()
  }

  #leave(consumer: MemoryConsumer): void {
    for (const consumers of this.#consumers.values()) consumers.delete(consumer)
  }

  /** Never re-entrant: what a handler publishes is handled after it has returned, in order. */
  #soon(work: () => void): void {
    this.#due.push(work)
    if (this.#due.length === 1) queueMicrotask(() => this.#drain())
  }

  #drain(): void {
    const due = this.#due
    // Work that arrives meanwhile is appended to the same list and done in this turn.
    for (let i = 0; i < due.length; i++) (due[i] as () => void)()
    this.#due = []
  }
}

class MemoryConsumer implements Consumer {
  readonly #options: ConsumeOptions
  readonly #events: BusEvents
  readonly #claims: Journal | undefined
  readonly #debts: Journal | undefined
  readonly #soon: (work: () => void) => void
  readonly #left: () => void
  readonly #subscriptions: ReadonlyMap<string, AnySubscription>
  readonly #lanes = new Lanes((left) => this.#laneDone(left))
  readonly #now: () => number
  readonly #waiting: BusRecord<unknown>[] = []
  #head = 0
  #scheduled = false
  #closing = false
  #idle: (() => void) | undefined

  constructor(
    options: ConsumeOptions,
    events: BusEvents,
    claims: Journal | undefined,
    debts: Journal | undefined,
    now: () => number,
    soon: (work: () => void) => void,
    left: () => void,
  ) {
    this.#options = options
    this.#events = events
    this.#claims = claims
    this.#debts = debts
    this.#now = now
    this.#soon = soon
    this.#left = left
    this.#subscriptions = new Map(options.subscriptions.map((s) => [s.topic.name, s]))
  }

  get queued(): number {
    return this.#waiting.length - this.#head + this.#lanes.count
  }

  take(record: BusRecord<unknown>): void {
    this.#waiting.push(record)
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#left()
    this.#closing = true
    if (this.#lanes.count === 0 && this.#head === this.#waiting.length) return
    await new Promise<void>((resolve) => {
      this.#idle = () => {
        if (this.#head === this.#waiting.length) resolve()
      }
    })
  }

  #laneDone(left: number): void {
    if (this.#waiting.length > this.#head || this.#closing) this.#schedule()
    if (left === 0) this.#idle?.()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#soon(() => this.#handOver())
  }

  #handOver(): void {
    this.#scheduled = false
    while (this.#head < this.#waiting.length && this.#lanes.count < this.#options.maximumInFlight) {
      const record = this.#waiting[this.#head++] as BusRecord<unknown>
      this.#start(record)
    }
    if (this.#head === this.#waiting.length || this.#head > 1_024) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    if (this.#closing && this.#lanes.count === 0) this.#idle?.()
  }

  #start(record: BusRecord<unknown>): void {
    const subscription = this.#subscriptions.get(record.topic)
    if (subscription === undefined) return
    const claimed = this.#claims?.claim(subscription.topic, record)
    const handling = new Handling(this, subscription, record)
    this.#lanes.run(record.key, () =>
      claimed === undefined ? handling.begin() : claimed.then(() => handling.begin()),
    )
  }

  handle(subscription: AnySubscription, record: BusRecord<unknown>): Promise<void> | void {
    const context = this.owned() ? OWNED : NOT_OWNED
    const handle = () => subscription.handle(record, context)
    return processed(record, this.#options.group, IDENTITY, handle)
  }

  owned(): boolean {
    return this.#claims?.fault() === undefined
  }

  failed(record: BusRecord<unknown>, error: unknown): Promise<void> | void {
    return this.#events.handlerFailed(recordIdOf(record, 0), error)
  }

  done(subscription: AnySubscription, record: BusRecord<unknown>): void {
    this.#debts?.done(subscription.topic, record)
  }

  get again(): AgainOptions | undefined {
    return this.#options.mode === 'at-least-once' ? AGAIN : undefined
  }

  now(): number {
    return this.#now()
  }
}

/** One record with its handler: all that is kept of it beside the record itself. */
class Handling implements Performance {
  readonly #consumer: MemoryConsumer
  readonly #subscription: AnySubscription
  readonly #record: BusRecord<unknown>

  constructor(consumer: MemoryConsumer, subscription: AnySubscription, record: BusRecord<unknown>) {
    this.#consumer = consumer
    this.#subscription = subscription
    this.#record = record
  }

  begin(): Promise<boolean> | undefined {
    const performed = perform(this)
    return typeof performed === 'boolean' ? undefined : performed
  }

  run(): Promise<void> | void {
    return this.#consumer.handle(this.#subscription, this.#record)
  }

  get again(): AgainOptions | undefined {
    return this.#consumer.again
  }

  owned(): boolean {
    return this.#consumer.owned()
  }

  failed(error: unknown): Promise<void> | void {
    return this.#consumer.failed(this.#record, error)
  }

  ended(): void {
    this.#consumer.done(this.#subscription, this.#record)
  }

  now(): number {
    return this.#consumer.now()
  }
}
