import { type Envelope, encodeMessage } from './build.ts'
import { capabilities, type LocalNode } from './capabilities.ts'
import { DisconnectCause } from './dictionary/enumerations.ts'
import { ResultCode } from './dictionary/results.ts'

/** The messages between neighbours (RFC 6733 §5), ready to be written. */
export class OwnMessages {
  readonly #local: LocalNode
  readonly #newEnvelope: () => Envelope

  constructor(local: LocalNode, newEnvelope: () => Envelope) {
    this.#local = local
    this.#newEnvelope = newEnvelope
  }

  cer(addresses: readonly string[]): Buffer {
    return encodeMessage('CER', capabilities(this.#local, addresses), this.#newEnvelope())
  }

  cea(addresses: readonly string[], request: Envelope): Buffer {
    return encodeMessage('CEA', { ...SUCCESS, ...capabilities(this.#local, addresses) }, plain(request))
  }

  dwr(): Buffer {
    return encodeMessage('DWR', { ...this.#origin(), ...this.#state() }, this.#newEnvelope())
  }

  dwa(request: Envelope): Buffer {
    return encodeMessage('DWA', { ...SUCCESS, ...this.#origin(), ...this.#state() }, plain(request))
  }

  dpr(): Buffer {
    const fields = { ...this.#origin(), 'Disconnect-Cause': DisconnectCause.REBOOTING }
    return encodeMessage('DPR', fields, this.#newEnvelope())
  }

  dpa(request: Envelope): Buffer {
    return encodeMessage('DPA', { ...SUCCESS, ...this.#origin() }, plain(request))
  }

  #origin() {
    return { 'Origin-Host': this.#local.originHost, 'Origin-Realm': this.#local.originRealm }
  }

  #state() {
    return { 'Origin-State-Id': this.#local.originStateId }
  }
}

const SUCCESS = { 'Result-Code': ResultCode.SUCCESS } as const

/** An answer repeats the identifiers of its request and none of its flags. */
function plain({ hopByHopId, endToEndId }: Envelope): Envelope {
  return { hopByHopId, endToEndId }
}
