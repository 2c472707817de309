import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { decodeDiameter } from '@ipsmgw/diameter'
import type { SubscriberSetting } from '@ipsmgw/test/lab'
import { GatewayInLab, type GatewayOptions, SCSCF } from './gateway.ts'
import { type Answer, Sender } from './sender.ts'

export type Sh = NonNullable<SubscriberSetting['sh']>

let numbers = 447_900_700_000

export interface Person {
  readonly msisdn: string
  readonly uri: string
}

/** A gateway, a sender, and subscribers that the HSS knows by a name. */
export class Stage {
  readonly gateway: GatewayInLab
  readonly sender: Sender

  private constructor(gateway: GatewayInLab, sender: Sender) {
    this.gateway = gateway
    this.sender = sender
  }

  static async open(options: GatewayOptions): Promise<Stage> {
    const gateway = await GatewayInLab.start(options)
    return new Stage(gateway, await Sender.open(SCSCF, gateway.sip))
  }

  async close(): Promise<void> {
    await this.sender.close()
    await this.gateway.stop()
  }

  person(sh: Sh = {}, rest: Partial<SubscriberSetting> = {}): Person {
    const msisdn = String(++numbers)
    const person = { msisdn, uri: `sip:user${msisdn}@ims.example` }
    this.change(person, sh, rest)
    return person
  }

  change({ msisdn, uri }: Person, sh: Sh, rest: Partial<SubscriberSetting> = {}): void {
    this.gateway.set(msisdn, { behaviour: 'reachable', node: 'mme', identities: [uri], sh, ...rest })
  }

  /** Requests of one person at HSS and HLR, in their order. */
  asked({ msisdn }: Person): string[] {
    return this.gateway.lab.hssLog.entries(msisdn).map(({ command }) => command)
  }

  request({ msisdn }: Person, command: string) {
    const octets = this.gateway.lab.hssLog.entries(msisdn).find((it) => it.command === command)?.octets
    return decodeDiameter(Buffer.from(octets ?? assert.fail(`no ${command}`), 'hex'))
  }

  texts({ msisdn }: Person): string[] {
    return this.gateway.lab.phones.messagesOf(msisdn).map(({ text }) => text)
  }

  async causeOf({ callId }: Answer): Promise<string> {
    return (await this.gateway.message(callId)).cause
  }
}

export async function stage(t: TestContext, options: GatewayOptions): Promise<Stage> {
  const it = await Stage.open(options)
  t.after(() => it.close())
  return it
}

/** Service data of this gateway (docs/protocols/service-data.xsd). */
export const grant = (word: string) =>
  `<IpSmGw xmlns="urn:ipsmgw:service-data:1"><ImToSms>${word}</ImToSms></IpSmGw>`
/** What a sender adds who wants to be hidden. */
export const HIDDEN = { headers: [['Privacy', 'id']] } as const
