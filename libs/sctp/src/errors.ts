/** Why a transport could not be had or was lost. */
export type TransportFault =
  | 'address' // a host name that does not resolve, an address that cannot be bound
  | 'refused' // nobody listens there
  | 'timeout' // no answer within the connect time
  | 'aborted' // given up by the caller
  | 'lost' // an established association or connection broke

/** A connection or association that did not come up, or broke. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code = 'transport'
  readonly retryable = true
  readonly fault: TransportFault

  constructor(fault: TransportFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/** What is missing for SCTP. */
export type SctpLack = 'platform' | 'ffi' | 'kernel'

const REMEDY: Readonly<Record<SctpLack, string>> = {
  platform: 'SCTP sockets exist on Linux only; use TCP here',
  ffi: 'the optional package koffi is not installed for this platform: run npm install without --omit=optional, or use TCP',
  kernel: 'this kernel has no SCTP: load the module (modprobe sctp) on the node, or use TCP',
}

/** This process cannot open SCTP sockets; the message says what to load or install. Nothing else is affected. */
export class SctpUnavailableError extends Error {
  override readonly name = 'SctpUnavailableError'
  readonly code = 'sctpUnavailable'
  readonly retryable = false
  readonly lack: SctpLack

  constructor(lack: SctpLack, options?: ErrorOptions) {
    super(`no SCTP: ${REMEDY[lack]}`, options)
    this.lack = lack
  }
}
