import type { SipRequest } from '../message.ts'
import { MAGIC_COOKIE } from '../via.ts'

/**
 * What all copies of one request share (RFC 3261 §17.2.3): method, branch and sent-by, or, when the branch is no
 * unique one, everything RFC 2543 compares. Another `method` finds what a CANCEL is about.
 */
export function transactionKey(request: SipRequest, method = request.method): string {
  const { branch, host, port } = request.topVia
  if (branch?.startsWith(MAGIC_COOKIE) && branch.length > MAGIC_COOKIE.length) {
    return port === undefined ? `${method} ${branch} ${host}` : `${method} ${branch} ${host}:${port}`
  }
  const via = request.headers.get('via') ?? ''
  const tags = `${request.from.tag ?? ''}\n${request.to.tag ?? ''}`
  return `${method}\n${request.uriText}\n${tags}\n${request.callId}\n${request.cseq.number}\n${via}`
}

/** Equal for the copies of one request that came over different paths (RFC 3261 §8.2.2.2); none inside a dialog. */
export function mergeKey(request: SipRequest): string | undefined {
  const tag = request.from.tag
  if (tag === undefined || request.to.params.has('tag')) return undefined
  const { number, method } = request.cseq
  return `${number} ${method} ${tag} ${request.callId}`
}

/** Equal for an INVITE and the ACK of its 2xx, which is a transaction of its own (RFC 3261 §13.2.2.4). */
export function ackKey(request: SipRequest, toTag: string): string {
  return `${request.cseq.number} ${request.callId} ${request.from.tag ?? ''} ${toTag}`
}

/**
 * Copies strings out of the message they were cut from: a V8 slice keeps its whole parent alive, and a
 * transaction outlives its 1.3 KB request by 30 s.
 */
export class Flattener {
  #scratch = Buffer.allocUnsafeSlow(4096)

  copy(octets: string): string {
    // V8 copies a short slice anyway.
    if (octets.length < 13) return octets
    if (octets.length > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(2 * octets.length)
    return this.#scratch.toString('latin1', 0, this.#scratch.write(octets, 0, 'latin1'))
  }
}

/** 64 bits in hexadecimal from a seed and the transaction: equal requests get equal To-tags, others do not. */
export function tagOf(seed: string, key: string): string {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  const text = seed + key
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b)
    high ^= high >>> 13
  }
  return hex32(low ^ (high >>> 16)) + hex32(high ^ (low >>> 15))
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
