import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

/**
 * messageId: SHA-256 over Call-ID, From-tag, CSeq number and Request-URI, 128 bits, base64url. Derived, so that a
 * retransmission or failover copy that reaches another instance is the same message (no Via branch, no time).
 */
export function messageIdOf(callId: string, fromTag: string, cseq: number, requestUri: string): string {
  return head(hash('sha256', `${callId}\n${fromTag}\n${cseq}\n${requestUri}`, 'base64url'), 22)
}

/** A slice would keep the whole digest alive for as long as its message is open or remembered. */
function head(digest: string, characters: number): string {
  return Buffer.from(digest, 'latin1').toString('latin1', 0, characters)
}

/** Makes the keyed hashes that stand for numbers in topic keys: without the key nobody finds the number back. */
export class KeyMaker {
  /** Prepared once: handing over octets each time costs several times the hash. */
  readonly #key: KeyObject

  /** `key`: at least 16 octets, the same in every instance of an installation. */
  constructor(key: Buffer) {
    if (key.length < 16) throw new RangeError(`the hash key has ${key.length} octets, at least 16 are needed`)
    this.#key = createSecretKey(key)
  }

  /** HMAC-SHA-256 of a canonical identity, first 16 octets as hex. */
  keyOf(identity: string): string {
    return createHmac('sha256', this.#key).update(identity).digest().toString('hex', 0, 16)
  }

  /** A value below `count` (at most 2^40) that the text decides: the same in all instances, foreseen by nobody. */
  choose(text: string, count: number): number {
    const digest = createHmac('sha256', this.#key).update(`choose:${text}`).digest()
    return digest.readUIntBE(0, 6) % count
  }

  /** One octet or two for the concatenation reference: keyed, so that references do not link messages. */
  referenceOf(messageId: string): number {
    return createHmac('sha256', this.#key).update(`ref:${messageId}`).digest().readUInt16BE(0)
  }
}
