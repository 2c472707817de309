import { ByteReader, ByteWriter } from '@ipsmgw/bytes'
import { readAddress, writeAddress } from './address.ts'
import { MAX_DELIVER_OCTETS } from './deliver.ts'
import { type Address, PROTOCOL, TypeOfNumber } from './messages.ts'

/**
 * TP-OA of an SMS-DELIVER as it stands there (TS 23.040 §9.1.2.5, 2-12 octets): what SM-RP-SMEA of S6c and MAP carries
 * too. Throws `DecodeError`.
 */
export function originatorOctets(tpdu: Uint8Array): Buffer {
  const { from, until } = placeOf(tpdu)
  return Buffer.from(tpdu.subarray(from, until))
}

/** The SMS-DELIVER from another TP-OA; all else stays octet for octet. Throws `DecodeError`, `EncodeError`. */
export function withOriginator(tpdu: Uint8Array, originator: Address): Buffer {
  const { from, until } = placeOf(tpdu)
  const writer = new ByteWriter(MAX_DELIVER_OCTETS)
  writer.octets(tpdu.subarray(0, from))
  writeAddress(writer, originator, 'TP-OA')
  return writer.octets(tpdu.subarray(until)).finish()
}

/** An address as people write it: a name, a number with `+` where it is international, other digits as they are. */
export function addressText(address: Address): string {
  if (address.kind === 'alphanumeric') return address.text
  return address.ton === TypeOfNumber.international ? `+${address.digits}` : address.digits
}

function placeOf(tpdu: Uint8Array): { readonly from: number; readonly until: number } {
  const reader = new ByteReader(tpdu, PROTOCOL)
  reader.uint8('TP-MTI')
  const from = reader.position
  readAddress(reader, 'TP-OA')
  return { from, until: reader.position }
}
