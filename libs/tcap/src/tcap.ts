import { DecodeError } from '@ipsmgw/bytes'
import { Deadlines } from '@ipsmgw/runtime/deadlines'
import type { NoticeIndication, SccpAddress, SccpService, UnitDataIndication } from '@ipsmgw/sccp'
import { decodeTcap, encodeTcap, readHead } from './codec.ts'
import { Dialogue } from './dialogue.ts'
import type { DialogueHost, DialogueParameters } from './dialogue-host.ts'
import { PAbortCause, type ReceivedMessage } from './messages.ts'
import { readId, TransactionIds } from './transaction-ids.ts'
import type { DialogueUser, TcapEvent, TcapUser } from './user.ts'

export interface TcapOptions {
  /** Own address: calling address of every message unless a dialogue says otherwise. */
  readonly localAddress: SccpAddress
  /** High bits of the transaction ids that carry `instance`. Default 0: there is one instance. */
  readonly instanceBits?: number
  readonly instance?: number
  /** Open dialogues, ours and others'. Full: ours are not sent, a BEGIN is aborted with resource limitation. */
  readonly maxDialogues?: number
  /** A dialogue in which nothing happens for so long is given up. Invoke timers come first. */
  readonly guardMs?: number
}

export interface TcapDependencies {
  readonly sccp: SccpService
  /** Monotonic enough for timers, in milliseconds. */
  now(): number
  /** 32 random bits that cannot be guessed. */
  random32(): number
  /** A message for a dialogue of another instance. Without it, or on false, the transaction is unknown here. */
  foreign?(instance: number, indication: UnitDataIndication): boolean
  onEvent?(event: TcapEvent): void
  /** An exception out of a user. Its dialogue is aborted, others go on. */
  onFault?(error: unknown): void
}

const DEFAULTS = { maxDialogues: 100_000, guardMs: 90_000 }
const TIMER_TICK_MS = 50

/**
 * Transaction capabilities over SCCP: the table of dialogues, by own transaction id. One timer serves all of them, so
 * that an open dialogue costs two map entries.
 */
export class Tcap {
  readonly #options: TcapOptions & typeof DEFAULTS
  readonly #dependencies: TcapDependencies
  readonly #ids: TransactionIds
  readonly #dialogues = new Map<number, Dialogue>()
  readonly #deadlines: Deadlines<Dialogue>
  readonly #host: DialogueHost
  readonly #unbind: (() => void)[] = []
  #closed = false

  constructor(options: TcapOptions, dependencies: TcapDependencies) {
    this.#options = { ...DEFAULTS, ...options }
    this.#dependencies = dependencies
    const { instanceBits = 0, instance = 0 } = options
    const random = () => dependencies.random32()
    this.#ids = new TransactionIds({
      instanceBits,
      instance,
      seeds: [random(), random(), random(), random()],
    })
    this.#deadlines = new Deadlines({ tickMs: TIMER_TICK_MS, now: dependencies.now }, (dialogue) =>
      dialogue.expire(),
    )
    this.#host = this.#createHost()
  }

  /** Open dialogues. */
  get size(): number {
    return this.#dialogues.size
  }

  /** Whether SCCP can send. */
  get active(): boolean {
    return this.#dependencies.sccp.active
  }

  get localAddress(): SccpAddress {
    return this.#options.localAddress
  }

  /** Takes the messages of a subsystem. Returns a function that ends it. */
  bind(ssn: number, user: TcapUser): () => void {
    const unbind = this.#dependencies.sccp.bind(ssn, {
      onUnitData: (indication) => this.#onUnitData(indication, user),
      onNotice: (notice) => this.#onNotice(notice),
    })
    this.#unbind.push(unbind)
    return unbind
  }

  /** A new dialogue as initiator; nothing is sent, nor kept, before its `begin`. */
  dialogue(
    parameters: Omit<DialogueParameters, 'id' | 'local'> & { local?: SccpAddress },
    user: DialogueUser,
  ): Dialogue {
    const local = parameters.local ?? this.#options.localAddress
    const dialogue = new Dialogue({ ...parameters, local, id: this.#freeId() }, this.#host)
    dialogue.attach(user)
    return dialogue
  }

  /** A message that another instance of the gateway received for a dialogue of this one. */
  inject(indication: UnitDataIndication): void {
    this.#onUnitData(indication, undefined)
  }

  /** Expires what is due. The timer does it; tests with a clock of their own call it. */
  advance(): void {
    this.#deadlines.advance()
  }

  /** Ends all dialogues here, telling their users, not their peers. */
  close(): void {
    this.#closed = true
    for (const unbind of this.#unbind.splice(0)) unbind()
    for (const dialogue of [...this.#dialogues.values()]) dialogue.close()
    this.#deadlines.close()
  }

  #createHost(): DialogueHost {
    const { sccp, now, onEvent, onFault } = this.#dependencies
    return {
      guardMs: this.#options.guardMs,
      now,
      send: (request) => sccp.send(request),
      limit: (called, calling) => sccp.unitDataLimit(called, calling),
      admit: (dialogue) => this.#admit(dialogue),
      release: (dialogue) => {
        this.#dialogues.delete(dialogue.id)
        this.#deadlines.delete(dialogue)
      },
      arm: (dialogue, atMs) => this.#deadlines.set(dialogue, atMs),
      event: (event) => onEvent?.(event),
      fault: (error) => onFault?.(error),
    }
  }

  #admit(dialogue: Dialogue): boolean {
    if (this.#closed || this.#dialogues.size >= this.#options.maxDialogues) return false
    this.#dialogues.set(dialogue.id, dialogue)
    return true
  }

  #freeId(): number {
    for (;;) {
      const id = this.#ids.next()
      if (!this.#dialogues.has(id)) return id
    }
  }

  #onUnitData(indication: UnitDataIndication, user: TcapUser | undefined): void {
    let message: ReceivedMessage
    try {
      message = decodeTcap(indication.data)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      this.#onUndecodable(indication, error)
      return
    }
    switch (message.type) {
      case 'begin':
        if (user !== undefined) this.#onBegin(message, indication, user)
        break
      case 'continue':
      case 'end':
      case 'abort':
        this.#onAnswer(message, indication)
        break
      case 'unidirectional':
        this.#event('discarded')
        break
    }
  }

  #onBegin(
    message: ReceivedMessage & { type: 'begin' },
    indication: UnitDataIndication,
    user: TcapUser,
  ): void {
    const { called, calling } = indication
    const aarq = message.dialogue?.apdu === 'AARQ' ? message.dialogue : undefined
    const pointCode = answerPointCode(indication)
    const dialogue = new Dialogue(
      {
        id: this.#freeId(),
        local: this.#options.localAddress,
        remote: calling,
        ...(pointCode !== undefined && { remotePointCode: pointCode }),
        ...(aarq !== undefined && { applicationContext: aarq.applicationContext }),
      },
      this.#host,
    )
    if (!this.#admit(dialogue)) {
      this.#event('refusedFull')
      this.#abort(indication, message.otid, PAbortCause.resourceLimitation)
      return
    }
    this.#event('accepted')
    const components = dialogue.open(message)
    try {
      dialogue.attach(user.onBegin(dialogue, { called, calling, aarq, components }))
    } catch (error) {
      this.#dependencies.onFault?.(error)
      dialogue.abort()
    }
  }

  #onAnswer(
    message: ReceivedMessage & { type: 'continue' | 'end' | 'abort' },
    indication: UnitDataIndication,
  ): void {
    const id = readId(message.dtid)
    const dialogue = this.#dialogues.get(id)
    if (dialogue !== undefined) {
      dialogue.receive(message, { calling: indication.calling, pointCode: answerPointCode(indication) })
      return
    }
    if (this.#isForeign(id, indication)) return
    this.#event('unknownTransaction')
    if (message.type === 'continue')
      this.#abort(indication, message.otid, PAbortCause.unrecognizedTransactionId)
  }

  #isForeign(id: number, indication: UnitDataIndication): boolean {
    if (this.#ids.isOwn(id)) return false
    this.#event('foreignTransaction')
    return this.#dependencies.foreign?.(this.#ids.instanceOf(id), indication) === true
  }

  /** Q.774 §3.3.4: aborted when the sender's id can be read, else dropped. */
  #onUndecodable(indication: UnitDataIndication, fault: DecodeError): void {
    this.#event('undecodable')
    const head = readHead(indication.data)
    if (head === undefined) return
    const { type, otid, dtid } = head
    const id = dtid === undefined ? undefined : readId(dtid)
    const dialogue = id === undefined ? undefined : this.#dialogues.get(id)
    if (dialogue !== undefined) dialogue.malformed(fault, otid)
    else if (id !== undefined && this.#isForeign(id, indication)) return
    else if (otid !== undefined && (type === 'begin' || type === 'continue'))
      this.#abort(indication, otid, PAbortCause.badlyFormattedTransactionPortion)
  }

  /** Our own message came back: its otid names the dialogue. A second time it is gone already. */
  #onNotice({ data, returnCause }: NoticeIndication): void {
    this.#event('returned')
    const otid = readHead(data)?.otid
    const id = otid === undefined ? undefined : readId(otid)
    const dialogue = id === undefined ? undefined : this.#dialogues.get(id)
    dialogue?.notice(returnCause, returnedInvokeIds(data))
  }

  #abort(indication: UnitDataIndication, dtid: Uint8Array, pAbortCause: number): void {
    const pointCode = answerPointCode(indication)
    this.#dependencies.sccp.send({
      called: indication.calling,
      calling: this.#options.localAddress,
      data: encodeTcap({ type: 'abort', dtid, pAbortCause }),
      ...(pointCode !== undefined && { pointCode }),
    })
  }

  #event(event: TcapEvent): void {
    this.#dependencies.onEvent?.(event)
  }
}

/** A sender that names itself by its subsystem only is answered at the node the message came from. */
function answerPointCode({ calling, originPointCode }: UnitDataIndication): number | undefined {
  return calling.globalTitle === undefined && calling.pointCode === undefined ? originPointCode : undefined
}

/** The invocations a returned message carried; undefined for the first segment of a longer one. */
function returnedInvokeIds(data: Uint8Array): number[] | undefined {
  try {
    const message = decodeTcap(data)
    if (message.type === 'abort') return []
    return message.components.flatMap((component) =>
      component.kind === 'invoke' ? [component.invokeId] : [],
    )
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
