import { Listeners, type MtpService, type TransferIndication } from '@ipsmgw/m3ua'
import { encodeArgument, internationalNumber } from '@ipsmgw/map'
import { SccpAddress, SccpEndpoint, Ssn } from '@ipsmgw/sccp'
import { type Dialogue, Tcap } from '@ipsmgw/tcap'

const GATEWAY = 1
const MSC = 2
const MT_FORWARD_SM = 44
const CONTEXT = '0.4.0.0.1.0.25.3'
const NEVER_MS = 600_000

/** Two nodes of one process, TCAP over SCCP, joined without a network: what is sent is received at once. */
export class OpenDialogues {
  readonly #gateway: Tcap
  readonly #msc: Tcap
  readonly #remote = SccpAddress.e164('447700900030', Ssn.msc)
  readonly #parameter = encodeArgument(
    'mtForwardSM',
    {
      smRpDa: { imsi: '001010123456789' },
      smRpOa: { serviceCentreAddressOa: internationalNumber('447700900001') },
      smRpUi: Buffer.alloc(60, 0x2a),
    },
    3,
  )
  /** What the MSC does with a new dialogue. */
  #onBegin: (dialogue: Dialogue, invokeId: number) => void = () => {}

  constructor() {
    const links = new Map([GATEWAY, MSC].map((pointCode) => [pointCode, new Listeners<TransferIndication>()]))
    this.#gateway = this.#node(links, GATEWAY, MSC, '447700900010')
    this.#msc = this.#node(links, MSC, GATEWAY, '447700900030')
    this.#msc.bind(Ssn.msc, {
      onBegin: (dialogue, { components }) => {
        const [invoke] = components
        if (invoke?.kind === 'invoke') this.#onBegin(dialogue, invoke.invokeId)
        return () => {}
      },
    })
    this.#gateway.bind(Ssn.msc, { onBegin: () => () => {} })
  }

  /** Begins so many dialogues that nobody answers. */
  open(count: number): void {
    this.#onBegin = () => {}
    for (let i = 0; i < count; i++) this.#begin(() => {})
    if (this.#gateway.size < count) throw new Error(`${this.#gateway.size} of ${count} are open`)
  }

  /** One dialogue from its BEGIN to its END. */
  forward(): boolean {
    let answered = false
    this.#onBegin = (dialogue, invokeId) => {
      dialogue.result(invokeId)
      dialogue.end()
    }
    this.#begin(() => {
      answered = true
    })
    if (!answered) throw new Error('no answer')
    return answered
  }

  close(): void {
    this.#gateway.close()
    this.#msc.close()
  }

  #begin(onAnswer: () => void): void {
    const dialogue = this.#gateway.dialogue(
      { remote: this.#remote, applicationContext: CONTEXT, guardMs: NEVER_MS },
      onAnswer,
    )
    dialogue.invoke({ operation: MT_FORWARD_SM, parameter: this.#parameter, timeoutMs: NEVER_MS })
    if (!dialogue.begin().sent) throw new Error('the BEGIN did not leave')
  }

  #node(
    links: ReadonlyMap<number, Listeners<TransferIndication>>,
    own: number,
    peer: number,
    number: string,
  ): Tcap {
    const mtp: MtpService = {
      active: true,
      send({ dpc, sls, data }) {
        links.get(dpc)?.emit({ opc: own, dpc, si: 3, ni: 2, mp: 0, sls, data })
        return { sent: true }
      },
      onTransfer: (listener) => links.get(own)?.add(listener) ?? (() => {}),
      onStatus: () => () => {},
      destination: (pointCode) => ({ pointCode, availability: 'unknown', congestionLevel: 0 }),
    }
    const sccp = new SccpEndpoint({ pointCode: own, routing: { defaultDestinations: [peer] } }, { mtp })
    let random = own
    return new Tcap(
      { localAddress: SccpAddress.e164(number, Ssn.msc), maxDialogues: 200_000 },
      { sccp, now: () => performance.now(), random32: () => random++ },
    )
  }
}
