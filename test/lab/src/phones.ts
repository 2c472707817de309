import { DecodeError } from '@ipsmgw/bytes'
import {
  type Address,
  decodeDeliver,
  Reassembler,
  type Reassembly,
  type SmsDeliver,
  TypeOfNumber,
} from '@ipsmgw/sms'

/** A message as its reader sees it, and the octets it came in. */
export interface PhoneMessage {
  /** Empty when the message is no text. */
  readonly text: string
  /** Number, with + when it is international, or the sender's name. */
  readonly originator: string
  readonly parts: number
  /** ISO time of the last part. */
  readonly receivedAt: string
  /** SMS-DELIVER octets of the parts in order, as hex. */
  readonly tpdus: readonly string[]
}

/** What the phone says about one SMS-DELIVER. */
export type Reception = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly fault: DecodeError }

interface Phone {
  readonly messages: PhoneMessage[]
  reassembler: Reassembler | undefined
}

/** A phone keeps parts of an incomplete message this long, and this many such messages. */
const REASSEMBLY = { timeLimitMs: 10 * 60_000, maxMessages: 20 } as const

/**
 * The phones of all subscribers: they reassemble, decode and keep what they got. Bounded by the number of messages
 * in all, and of phones; when full the phone that was quiet longest loses its oldest message, or everything.
 */
export class Phones {
  readonly #maximum: number
  readonly #phones = new Map<string, Phone>()
  readonly #octets = new WeakMap<SmsDeliver, string>()
  #count = 0

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** Complete messages of a phone, oldest first. */
  messagesOf(msisdn: string): readonly PhoneMessage[] {
    return this.#phones.get(msisdn)?.messages ?? []
  }

  /** One SMS-DELIVER reaches the phone. */
  receive(msisdn: string, tpdu: Buffer): Reception {
    let deliver: SmsDeliver
    try {
      deliver = decodeDeliver(tpdu)
    } catch (fault) {
      if (fault instanceof DecodeError) return { kind: 'refused', fault }
      throw fault
    }
    this.#octets.set(deliver, tpdu.toString('hex'))
    const phone = this.#phoneOf(msisdn)
    phone.reassembler ??= new Reassembler(REASSEMBLY, { now: () => performance.now() })
    this.#keep(phone, phone.reassembler.add(deliver))
    if (phone.reassembler.size === 0) phone.reassembler = undefined
    return { kind: 'taken' }
  }

  #phoneOf(msisdn: string): Phone {
    const phone = this.#phones.get(msisdn) ?? { messages: [], reassembler: undefined }
    this.#phones.delete(msisdn)
    this.#phones.set(msisdn, phone)
    if (this.#phones.size > this.#maximum) this.#forgetOldestPhone()
    return phone
  }

  #keep(phone: Phone, reassembly: Reassembly): void {
    if (reassembly.kind !== 'complete') return
    const { content, parts } = reassembly
    const [first] = parts
    if (first === undefined) return
    phone.messages.push({
      text: content.kind === 'text' ? content.text : '',
      originator: nameOf(first.originator),
      parts: parts.length,
      receivedAt: new Date().toISOString(),
      tpdus: parts.map((part) => this.#octets.get(part) ?? ''),
    })
    this.#count += 1
    if (this.#count > this.#maximum) this.#forgetOldest()
  }

  #forgetOldestPhone(): void {
    const [oldest] = this.#phones
    if (oldest === undefined) return
    this.#phones.delete(oldest[0])
    this.#count -= oldest[1].messages.length
  }

  #forgetOldest(): void {
    for (const [msisdn, phone] of this.#phones) {
      if (phone.messages.shift() !== undefined) {
        this.#count -= 1
        return
      }
      this.#phones.delete(msisdn)
    }
  }
}

function nameOf(originator: Address): string {
  if (originator.kind === 'alphanumeric') return originator.text
  return originator.ton === TypeOfNumber.international ? `+${originator.digits}` : originator.digits
}
