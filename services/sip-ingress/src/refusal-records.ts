import type { ImReceived, MessageRefused, SipFinalStatus } from '@ipsmgw/events'
import type { Policy } from '@ipsmgw/policy'
import { SipParseError, type SipRequest, utf8View } from '@ipsmgw/sip'
import { anonymityOf } from './anonymity.ts'
import { chargingOf } from './examine.ts'
import { assertedBy, fromOf, recipientOf } from './identities.ts'
import type { PeerConfig } from './peers.ts'

/** Status of own overload: such a request was hardly looked at, and records of it would make the load worse. */
const OVERLOADED = 503

export interface RefusalRecordsOptions {
  /** Records of one instance; what is above it is counted only. 0: none. */
  readonly refusalRecordsPerSecond: number
}

export interface RefusalRecordsDependencies {
  now(): number
  /** Resolves when the record is durable. */
  publish(record: MessageRefused): Promise<void>
  failed(record: MessageRefused, error: unknown): void
  /** Refused without a record. */
  skipped(): void
}

/** Why a message was refused, and what its sender was told. */
export interface Refused {
  readonly why: string
  readonly final: SipFinalStatus
}

/** One record for each message of a known peer that is refused before the pipeline has it. Bounded, and never waited for. */
export class RefusalRecords {
  readonly #options: RefusalRecordsOptions
  readonly #dependencies: RefusalRecordsDependencies
  /** Records that may be written at once, as of that time. */
  #allowance: { records: number; atMs: number }

  constructor(options: RefusalRecordsOptions, dependencies: RefusalRecordsDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#allowance = { records: options.refusalRecordsPerSecond, atMs: dependencies.now() }
  }

  /** A request as it came. */
  request(message: SipRequest, messageId: string, peer: PeerConfig, policy: Policy, refused: Refused): void {
    if (!this.#allows(refused)) return
    const receivedAtMs = this.#dependencies.now()
    this.#write({
      messageId,
      receivedAtMs,
      refusedAtMs: receivedAtMs,
      ...refused,
      callId: utf8View(message.callId).slice(0, 512),
      peer: peer.name,
      ...partiesOf(message, peer, policy),
    })
  }

  /** A message that was taken, and was stopped before it went on the bus. */
  message({ messageId, receivedAtMs, sip, sender, recipient, charging }: ImReceived, refused: Refused): void {
    if (!this.#allows(refused)) return
    const identity = sender.asserted[0] ?? sender.from
    this.#write({
      messageId,
      receivedAtMs,
      refusedAtMs: this.#dependencies.now(),
      ...refused,
      callId: sip.callId,
      peer: sip.peer,
      sender: identity.number ?? identity.uri,
      recipient: recipient.number ?? recipient.uri,
      anonymous: sender.anonymity !== undefined,
      ...charging,
    })
  }

  #allows({ final }: Refused): boolean {
    const allowed = final.status !== OVERLOADED && this.#spend()
    if (!allowed) this.#dependencies.skipped()
    return allowed
  }

  #spend(): boolean {
    const { refusalRecordsPerSecond: most } = this.#options
    const nowMs = this.#dependencies.now()
    const earned = (Math.max(0, nowMs - this.#allowance.atMs) * most) / 1000
    const records = Math.min(most, this.#allowance.records + earned)
    const spent = records >= 1 ? 1 : 0
    this.#allowance = { records: records - spent, atMs: nowMs }
    return spent === 1
  }

  #write(record: MessageRefused): void {
    this.#dependencies.publish(record).catch((error: unknown) => this.#dependencies.failed(record, error))
  }
}

type Parties = Pick<MessageRefused, 'sender' | 'recipient' | 'anonymous' | 'icid' | 'origIoi'>

/** As far as they can be read: a header that is malformed may be why it was refused. */
function partiesOf(message: SipRequest, peer: PeerConfig, policy: Policy): Parties {
  const sender = readable(() => assertedBy(message, peer, policy)[0] ?? fromOf(message, policy))
  const served = readable(() => recipientOf(message, peer, policy))
  const recipient = served === undefined || 'kind' in served ? message.uriText : (served.number ?? served.uri)
  const isHidden = readable(() => anonymityOf(message))?.kind === 'requested'
  return {
    ...(sender !== undefined && { sender: (sender.number ?? sender.uri).slice(0, LONGEST_IDENTITY) }),
    recipient: recipient.slice(0, LONGEST_IDENTITY),
    ...(isHidden && { anonymous: true }),
    ...readable(() => chargingOf(message))?.charging,
  }
}

const LONGEST_IDENTITY = 2048

/** What is read from a message; undefined where its headers are malformed. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SipParseError)) throw error
    return undefined
  }
}
