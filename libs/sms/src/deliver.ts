import { ByteReader, ByteWriter, EncodeError } from '@ipsmgw/bytes'
import { readAddress, writeAddress } from './address.ts'
import { PROTOCOL, type SmsDeliver } from './messages.ts'
import { readServiceCentreTime, writeServiceCentreTime } from './scts.ts'
import { MAX_USER_DATA_OCTETS, readUserData, writeUserData } from './user-data.ts'

/** Octets of the longest SMS-DELIVER. */
export const MAX_DELIVER_OCTETS = 163

const MTI_MASK = 0x03
const MTI_DELIVER = 0x00
const MMS_NO_MORE = 0x04
const LOOP_PREVENTION = 0x08
const STATUS_REPORT_INDICATION = 0x20
const USER_DATA_HEADER = 0x40
const REPLY_PATH = 0x80

/**
 * SMS-DELIVER (TS 23.040 §9.2.2.1), no service centre address in front:
 * first octet (bit 7 TP-RP, 6 TP-UDHI, 5 TP-SRI, 3 TP-LP, 2 TP-MMS inverted, 1-0 TP-MTI 00), TP-OA (2-12),
 * TP-PID (1), TP-DCS (1), TP-SCTS (7), TP-UDL (1), TP-UD (0-140). Throws `EncodeError`.
 */
export function encodeDeliver(message: SmsDeliver): Buffer {
  const writer = new ByteWriter(MAX_DELIVER_OCTETS)
  checkOctet(message.pid, 'TP-PID')
  checkOctet(message.dcs, 'TP-DCS')
  writer.uint8(firstOctet(message))
  writeAddress(writer, message.originator, 'TP-OA')
  writer.uint8(message.pid).uint8(message.dcs)
  writeServiceCentreTime(writer, message.serviceCentreTime)
  writeUserData(writer, message.userData, message.dcs, MAX_USER_DATA_OCTETS)
  return writer.finish()
}

/** Reads one SMS-DELIVER to its last octet. Throws `DecodeError` with field and offset. */
export function decodeDeliver(octets: Uint8Array): SmsDeliver {
  const reader = new ByteReader(octets, PROTOCOL)
  const first = reader.peek() ?? 0
  if ((first & MTI_MASK) !== MTI_DELIVER)
    reader.fail('TP-MTI', 'invalid', `${first & MTI_MASK} is no SMS-DELIVER`)
  reader.uint8('TP-MTI')
  const originator = readAddress(reader, 'TP-OA')
  const pid = reader.uint8('TP-PID')
  const dcs = reader.uint8('TP-DCS')
  const serviceCentreTime = readServiceCentreTime(reader)
  const userData = readUserData(reader, (first & USER_DATA_HEADER) !== 0, dcs, MAX_USER_DATA_OCTETS)
  reader.end('SMS-DELIVER')
  return {
    moreMessages: (first & MMS_NO_MORE) === 0,
    loopPrevention: (first & LOOP_PREVENTION) !== 0,
    statusReportIndication: (first & STATUS_REPORT_INDICATION) !== 0,
    replyPath: (first & REPLY_PATH) !== 0,
    originator,
    pid,
    dcs,
    serviceCentreTime,
    userData,
  }
}

/** A whole number of one octet, or an `EncodeError`. */
export function checkOctet(value: number, field: string): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xff)
    throw new EncodeError(PROTOCOL, field, `${value} is no octet`)
}

function firstOctet(message: SmsDeliver): number {
  return (
    MTI_DELIVER |
    (message.moreMessages ? 0 : MMS_NO_MORE) |
    (message.loopPrevention ? LOOP_PREVENTION : 0) |
    (message.statusReportIndication ? STATUS_REPORT_INDICATION : 0) |
    (message.userData.header === undefined ? 0 : USER_DATA_HEADER) |
    (message.replyPath ? REPLY_PATH : 0)
  )
}
