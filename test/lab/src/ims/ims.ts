import type { SipDestination } from '@ipsmgw/sip'
import { ApplicationServer } from './application-server.ts'
import type { Passage } from './element.ts'
import { type FilterCriterion, Scscf } from './scscf.ts'
import { type InstantMessage, type SentMessage, UserEquipment } from './user-equipment.ts'

/** Literal addresses of the elements; loopback has many, so that a gateway can tell its peers apart. */
export interface ImsAddresses {
  readonly alice: string
  readonly bob: string
  readonly originating: string
  readonly terminating: string
  readonly imAs: string
  readonly cpmAs: string
}

export interface ImsOptions {
  readonly addresses: ImsAddresses
  readonly gateway: SipDestination
  /** A fault of the CPM AS: it sends P-Served-User on. */
  readonly keepServedUser?: boolean
  /** Fixed time of the called side's S-CSCF for its servers. */
  readonly serverWatchdogMs?: number
}

/** Identities of the two users; both are implicitly registered together. */
export const ALICE = ['sip:alice.liddell@ims.invalid', 'tel:+447700900111'] as const
export const BOB = ['sip:+447900123456@ims.invalid;user=phone', 'tel:+447900123456'] as const

/** What the called side does with a MESSAGE for Bob. */
export interface Called {
  readonly registered: boolean
  readonly criteria: readonly FilterCriterion[]
}

/**
 * Both sides of figure 6.13 of TS 23.204 around a gateway: Alice and her S-CSCF, Bob and his, IM AS and CPM AS.
 * All of them keep what passed through.
 */
export class Ims {
  readonly alice: UserEquipment
  readonly bob: UserEquipment
  readonly originating: Scscf
  readonly terminating: Scscf
  readonly imAs: ApplicationServer
  readonly cpmAs: ApplicationServer
  readonly gateway: SipDestination

  constructor({ addresses, gateway, keepServedUser, serverWatchdogMs }: ImsOptions) {
    this.gateway = gateway
    this.alice = new UserEquipment({ name: 'alice', host: addresses.alice, identity: ALICE[0] })
    this.bob = new UserEquipment({ name: 'bob', host: addresses.bob, identity: BOB[0] })
    this.originating = new Scscf({
      name: 'scscf-a',
      host: addresses.originating,
      next: () => this.terminating.element.destination,
    })
    this.terminating = new Scscf({
      name: 'scscf-b',
      host: addresses.terminating,
      ...(serverWatchdogMs !== undefined && { serverWatchdogMs }),
    })
    this.imAs = new ApplicationServer({ name: 'im-as', host: addresses.imAs, way: 'return' })
    this.cpmAs = new ApplicationServer({
      name: 'cpm-as',
      host: addresses.cpmAs,
      way: 'direct',
      gateway,
      ...(keepServedUser !== undefined && { keepServedUser }),
    })
  }

  async start(): Promise<void> {
    await Promise.all(this.#elements().map((element) => element.start()))
    this.originating.add({ identities: ALICE, contact: this.alice.element.destination, criteria: [] })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#elements().map((element) => element.stop()))
  }

  /** How the called side's S-CSCF treats Bob from now on. */
  setBob({ registered, criteria }: Called): void {
    const contact = this.bob.element.destination
    this.terminating.add({ identities: BOB, criteria, ...(registered && { contact }) })
  }

  /** Alice sends to Bob's number. */
  send(message: Partial<InstantMessage> = {}): Promise<SentMessage> {
    return this.alice.send({ to: BOB[1], text: 'Hello Bob', ...message }, this.originating.service)
  }

  /** All passages of a message, element by element in the order of its way. */
  way(callId: string): Passage[] {
    const all = this.#elements().flatMap((element) => element.passages(callId))
    return all.sort((a, b) => a.vias.length - b.vias.length)
  }

  #elements() {
    const { alice, bob, originating, terminating, imAs, cpmAs } = this
    return [alice, bob, originating, terminating, imAs, cpmAs].map(({ element }) => element)
  }
}
