import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { BusError } from '../bus.ts'

/** First octet of an enciphered payload; a plain one is JSON and begins with `{`. */
const MARK = 0x01
/** AES-256. */
export const PAYLOAD_KEY_OCTETS = 32
const KEY_ID_OCTETS = 4
const SALT_OCTETS = 16
const COUNTER_OCTETS = 8
const NONCE_OCTETS = 12
const TAG_OCTETS = 16
const HEAD_OCTETS = 1 + KEY_ID_OCTETS + SALT_OCTETS + COUNTER_OCTETS
/** Derived keys of writers that are remembered: every process that ran within the retention, and more. */
const MAXIMUM_DERIVED = 4_096

/**
 * Payloads under AES-256-GCM. Each writer derives a key of its own from the installation's key and a random salt, and
 * counts its nonces, so that no number of records, writers or restarts repeats one. Wire form:
 *
 *     0x01 | key id, 4 | salt, 16 | counter, 8 | ciphertext | tag, 16
 *
 * The topic's name is authenticated with it. Plain payloads are read as well, so that enciphering can be switched on
 * while the pipeline runs.
 */
export class PayloadCipher {
  readonly #keys = new Map<string, Uint8Array>()
  readonly #derived = new Map<string, KeyObject>()
  readonly #head: Buffer
  readonly #own: KeyObject
  #counter = 0n

  /** Keys of 32 octets: the first enciphers, all decipher. Throws RangeError for another length. */
  constructor(keys: readonly Uint8Array[]) {
    const [first] = keys
    if (first === undefined || keys.some((key) => key.length !== PAYLOAD_KEY_OCTETS))
      throw new RangeError(`payload keys must have ${PAYLOAD_KEY_OCTETS} octets`)
    for (const key of keys) this.#keys.set(keyId(key).toString('hex'), key)
    const salt = randomBytes(SALT_OCTETS)
    this.#head = Buffer.concat([Buffer.of(MARK), keyId(first), salt])
    this.#own = derive(first, salt)
  }

  seal(topic: string, payload: Uint8Array): Buffer {
    const head = Buffer.alloc(HEAD_OCTETS)
    this.#head.copy(head)
    head.writeBigUInt64BE(this.#counter++, HEAD_OCTETS - COUNTER_OCTETS)
    const cipher = createCipheriv('aes-256-gcm', this.#own, nonceOf(head), { authTagLength: TAG_OCTETS })
    cipher.setAAD(associated(topic, head))
    return Buffer.concat([head, cipher.update(payload), cipher.final(), cipher.getAuthTag()])
  }

  /** Throws BusError when the key is unknown or the payload was changed. */
  open(topic: string, payload: Uint8Array): Uint8Array {
    if (payload[0] !== MARK) return payload
    if (payload.length < HEAD_OCTETS + TAG_OCTETS) throw unreadable('is too short')
    const octets = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
    const head = octets.subarray(0, HEAD_OCTETS)
    const body = octets.subarray(HEAD_OCTETS, -TAG_OCTETS)
    const decipher = createDecipheriv('aes-256-gcm', this.#keyFor(head), nonceOf(head), {
      authTagLength: TAG_OCTETS,
    })
    decipher.setAAD(associated(topic, head))
    decipher.setAuthTag(octets.subarray(-TAG_OCTETS))
    try {
      return Buffer.concat([decipher.update(body), decipher.final()])
    } catch (cause) {
      throw unreadable('does not fit its tag', { cause })
    }
  }

  #keyFor(head: Buffer): KeyObject {
    const writer = head.toString('hex', 1, 1 + KEY_ID_OCTETS + SALT_OCTETS)
    const known = this.#derived.get(writer)
    if (known !== undefined) return known
    const key = this.#keys.get(head.toString('hex', 1, 1 + KEY_ID_OCTETS))
    if (key === undefined) throw unreadable('names a key that is not configured here')
    const derived = derive(key, head.subarray(1 + KEY_ID_OCTETS, 1 + KEY_ID_OCTETS + SALT_OCTETS))
    const [oldest] = this.#derived.keys()
    if (this.#derived.size >= MAXIMUM_DERIVED && oldest !== undefined) this.#derived.delete(oldest)
    this.#derived.set(writer, derived)
    return derived
  }
}

/** Tells keys apart and nothing about them. */
function keyId(key: Uint8Array): Buffer {
  return createHash('sha256').update('ipsmgw payload key id').update(key).digest().subarray(0, KEY_ID_OCTETS)
}

/** As an object: with the bare octets each record costs four times as much. */
function derive(key: Uint8Array, salt: Uint8Array): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', key, salt, 'ipsmgw payload', PAYLOAD_KEY_OCTETS)))
}

function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(NONCE_OCTETS)
  head.copy(nonce, NONCE_OCTETS - COUNTER_OCTETS, HEAD_OCTETS - COUNTER_OCTETS)
  return nonce
}

function associated(topic: string, head: Buffer): Buffer {
  return Buffer.concat([head, Buffer.from(topic)])
}

function unreadable(what: string, options?: ErrorOptions): BusError {
  return new BusError('unreadable', `an enciphered payload ${what}`, options)
}
