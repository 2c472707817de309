import type { SipRequest } from '../message.ts'
import type { HeaderEntry } from '../messages.ts'
import { completedTopVia } from '../response.ts'
import type {
  IncomingRequest,
  RespondOutcome,
  ResponseDetail,
  ServerTransactionHandle,
  SipSource,
} from './types.ts'

/** A request and the transaction it opened, for as long as the core looks at the request. */
export class Incoming implements IncomingRequest {
  readonly message: SipRequest
  readonly transaction: ServerTransactionHandle
  readonly mergedWith: ServerTransactionHandle | undefined

  constructor(
    message: SipRequest,
    transaction: ServerTransactionHandle,
    mergedWith: ServerTransactionHandle | undefined,
  ) {
    this.message = message
    this.transaction = transaction
    this.mergedWith = mergedWith
  }

  get source(): SipSource {
    return this.transaction.source
  }

  respond(status: number, reason?: string, detail?: ResponseDetail): RespondOutcome {
    return this.transaction.respond(status, reason, detail)
  }

  forwardHeaders(): HeaderEntry[] {
    let top = true
    return [...this.message.headers].map(([name, value]): HeaderEntry => {
      if (!top || !/^v(ia)?$/i.test(name)) return [name, value]
      top = false
      return [name, completedTopVia(this.message, this.source)]
    })
  }
}
