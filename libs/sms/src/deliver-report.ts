import { ByteReader, ByteWriter, DecodeError } from '@ipsmgw/bytes'
import { checkOctet } from './deliver.ts'
import { type DeliverReportForm, PROTOCOL, type SmsDeliverReport } from './messages.ts'
import { readUserData, writeUserData } from './user-data.ts'

/** Octets of TP-UD in the two forms (TS 23.040 §9.2.2.1a). */
const MAX_USER_DATA_OCTETS = { ack: 159, error: 158 } as const satisfies Record<DeliverReportForm, number>
const MTI_MASK = 0x03
const USER_DATA_HEADER = 0x40
/** TP-FCS has bit 7 set, the first TP-PI without extension has not. */
const FCS_MARK = 0x80

const PI_PID = 0x01
const PI_DCS = 0x02
const PI_USER_DATA = 0x04
const PI_RESERVED = 0x78
const PI_EXTENSION = 0x80

/** A report as far as it could be read, and why not further. */
export interface DeliverReportReading {
  readonly report: SmsDeliverReport
  readonly fault?: DecodeError
}

/**
 * SMS-DELIVER-REPORT (TS 23.040 §9.2.2.1a): first octet (bit 6 TP-UDHI, bits 1-0 TP-MTI 00), TP-FCS (1, error form
 * only), TP-PI (1), then TP-PID, TP-DCS, TP-UDL and TP-UD as TP-PI announces. Throws `EncodeError`.
 */
export function encodeDeliverReport(report: SmsDeliverReport): Buffer {
  const { pid, dcs, userData } = report
  const writer = new ByteWriter(16)
  writer.uint8(userData?.header === undefined ? 0 : USER_DATA_HEADER)
  if (report.form === 'error') {
    const failureCause = report.failureCause ?? 0xff
    checkOctet(failureCause, 'TP-FCS')
    writer.uint8(failureCause)
  }
  writer.uint8(
    (pid === undefined ? 0 : PI_PID) | (dcs === undefined ? 0 : PI_DCS) | (userData ? PI_USER_DATA : 0),
  )
  if (pid !== undefined) {
    checkOctet(pid, 'TP-PID')
    writer.uint8(pid)
  }
  if (dcs !== undefined) {
    checkOctet(dcs, 'TP-DCS')
    writer.uint8(dcs)
  }
  if (userData !== undefined) writeUserData(writer, userData, dcs ?? 0, MAX_USER_DATA_OCTETS[report.form])
  return writer.finish()
}

/**
 * Reads a report. Without `form` the second octet tells it. Tolerates what phones send: nothing, one octet, a
 * missing TP-PI. Throws `DecodeError` for anything else that does not follow the standard.
 */
export function decodeDeliverReport(octets: Uint8Array, form?: DeliverReportForm): SmsDeliverReport {
  const { report, fault } = readDeliverReport(octets, form)
  if (fault !== undefined) throw fault
  return report
}

/** As `decodeDeliverReport`, but a fault is a value: an odd report must not undo a delivery. */
export function readDeliverReport(octets: Uint8Array, form?: DeliverReportForm): DeliverReportReading {
  const actualForm = form ?? (((octets[1] ?? 0) & FCS_MARK) !== 0 ? 'error' : 'ack')
  const report: Draft = { form: actualForm }
  try {
    readInto(report, new ByteReader(octets, PROTOCOL))
    return { report }
  } catch (fault) {
    if (fault instanceof DecodeError) return { report, fault }
    throw fault
  }
}

type Draft = { -readonly [Key in keyof SmsDeliverReport]: SmsDeliverReport[Key] }

function readInto(report: Draft, reader: ByteReader): void {
  const first = reader.peek() ?? 0
  if ((first & MTI_MASK) !== 0)
    reader.fail('TP-MTI', 'invalid', `${first & MTI_MASK} is no SMS-DELIVER-REPORT`)
  if (reader.remaining <= 1) return
  reader.uint8('TP-MTI')
  if (report.form === 'error') report.failureCause = reader.uint8('TP-FCS')
  if (reader.remaining === 0) return
  const { indicator, known } = readParameterIndicator(reader)
  if (indicator & PI_PID) report.pid = reader.uint8('TP-PID')
  if (indicator & PI_DCS) report.dcs = reader.uint8('TP-DCS')
  if (indicator & PI_USER_DATA) {
    const maximum = MAX_USER_DATA_OCTETS[report.form]
    report.userData = readUserData(reader, (first & USER_DATA_HEADER) !== 0, report.dcs ?? 0, maximum)
  }
  if (known) reader.end('SMS-DELIVER-REPORT')
  else if (reader.remaining > 0) report.unknown = Buffer.from(reader.rest())
}

/** TP-PI octets: only the first is evaluated, its extensions are passed over. */
function readParameterIndicator(reader: ByteReader): { indicator: number; known: boolean } {
  const indicator = reader.uint8('TP-PI')
  let octet = indicator
  while (octet & PI_EXTENSION) octet = reader.uint8('TP-PI')
  return { indicator, known: (indicator & (PI_RESERVED | PI_EXTENSION)) === 0 }
}
