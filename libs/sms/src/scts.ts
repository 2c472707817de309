import { type ByteReader, type ByteWriter, DecodeError, EncodeError } from '@ipsmgw/bytes'
import { PROTOCOL, type ServiceCentreTime } from './messages.ts'

const QUARTER_MINUTES = 15
const MAX_QUARTERS = 79
const MINUTE_MS = 60_000
/** Two-digit years from this one on are of the 1990s. */
const CENTURY_PIVOT = 90
const SIGN_BIT = 0x08

/**
 * TP-SCTS (TS 23.040 §9.2.3.11), 7 octets of swapped decimal digits: YY MM DD hh mm ss zone, local time; the zone
 * counts quarters of an hour, bit 3 of its octet is the sign. Throws `EncodeError` for years outside 1990-2089.
 */
export function writeServiceCentreTime(writer: ByteWriter, time: ServiceCentreTime): void {
  const quarters = Math.abs(time.offsetMinutes) / QUARTER_MINUTES
  if (!Number.isInteger(quarters) || quarters > MAX_QUARTERS)
    throw new EncodeError(
      PROTOCOL,
      'TP-SCTS.zone',
      `${time.offsetMinutes} min is no quarter of an hour in range`,
    )
  const local = new Date(time.epochMs + time.offsetMinutes * MINUTE_MS)
  const year = local.getUTCFullYear()
  if (!(year >= 1900 + CENTURY_PIVOT && year < 2000 + CENTURY_PIVOT))
    throw new EncodeError(PROTOCOL, 'TP-SCTS.year', `${year} has no two-digit form`)
  writer
    .uint8(swapped(year % 100))
    .uint8(swapped(local.getUTCMonth() + 1))
    .uint8(swapped(local.getUTCDate()))
  writer.uint8(swapped(local.getUTCHours())).uint8(swapped(local.getUTCMinutes()))
  writer.uint8(swapped(local.getUTCSeconds()))
  writer.uint8(swapped(quarters) | (time.offsetMinutes < 0 ? SIGN_BIT : 0))
}

/** Reads TP-SCTS. A non-decimal digit or a date that does not exist is `invalid`. */
export function readServiceCentreTime(reader: ByteReader): ServiceCentreTime {
  const start = reader.offset
  const twoDigitYear = readSwapped(reader, 'TP-SCTS.year')
  const year = twoDigitYear + (twoDigitYear >= CENTURY_PIVOT ? 1900 : 2000)
  const month = readSwapped(reader, 'TP-SCTS.month')
  const day = readSwapped(reader, 'TP-SCTS.day')
  const hour = readSwapped(reader, 'TP-SCTS.hour')
  const minute = readSwapped(reader, 'TP-SCTS.minute')
  const second = readSwapped(reader, 'TP-SCTS.second')
  const offsetMinutes = readZone(reader)
  const localMs = Date.UTC(year, month - 1, day, hour, minute, second)
  const local = new Date(localMs)
  const exists =
    local.getUTCMonth() === month - 1 && local.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!exists) throw new DecodeError(PROTOCOL, 'TP-SCTS', start, 'invalid', 'no such time')
  return { epochMs: localMs - offsetMinutes * MINUTE_MS, offsetMinutes }
}

/** `2026-03-01T12:34:56+01:00`. */
export function formatServiceCentreTime(time: ServiceCentreTime): string {
  const local = new Date(time.epochMs + time.offsetMinutes * MINUTE_MS).toISOString().slice(0, 19)
  const minutes = Math.abs(time.offsetMinutes)
  const pad = (value: number): string => String(value).padStart(2, '0')
  return `${local}${time.offsetMinutes < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`
}

/**
 * Local time of a service centre. `zone` is an IANA name (`Europe/Berlin`), `UTC`, or a fixed offset (`+05:45`);
 * the constructor throws a `RangeError` for anything else. Summer time follows the runtime's zone data.
 */
export class ServiceCentreClock {
  readonly zone: string
  readonly #fixedMinutes: number | undefined
  readonly #format: Intl.DateTimeFormat | undefined
  /** Zone rules change on quarters of an hour at the finest, so one answer serves the quarter. */
  #quarter = Number.NaN
  #quarterOffsetMinutes = 0

  constructor(zone: string) {
    this.zone = zone
    this.#fixedMinutes = fixedOffset(zone)
    if (this.#fixedMinutes === undefined)
      this.#format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  }

  /** TP-SCTS for an instant. */
  at(epochMs: number): ServiceCentreTime {
    return { epochMs, offsetMinutes: this.#fixedMinutes ?? this.#offsetAt(epochMs) }
  }

  #offsetAt(epochMs: number): number {
    const quarter = Math.floor(epochMs / (QUARTER_MINUTES * MINUTE_MS))
    if (quarter !== this.#quarter) {
      const name =
        this.#format?.formatToParts(epochMs).find((part) => part.type === 'timeZoneName')?.value ?? ''
      this.#quarterOffsetMinutes = fixedOffset(name.slice('GMT'.length)) ?? 0
      this.#quarter = quarter
    }
    return this.#quarterOffsetMinutes
  }
}

/** Minutes of `+hh:mm`, `UTC` or nothing, rounded to a quarter of an hour; undefined when it is neither. */
function fixedOffset(text: string): number | undefined {
  if (text === '' || text === 'UTC' || text === 'Z') return 0
  const match = /^([+-])(\d\d):(\d\d)(?::\d\d)?$/.exec(text)
  if (match === null) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  const rounded = Math.round(minutes / QUARTER_MINUTES) * QUARTER_MINUTES
  return match[1] === '-' && rounded !== 0 ? -rounded : rounded
}

function swapped(value: number): number {
  return ((value % 10) << 4) | Math.trunc(value / 10)
}

function readSwapped(reader: ByteReader, field: string): number {
  const octet = reader.peek() ?? 0
  if ((octet & 0xf) > 9 || octet >> 4 > 9) reader.fail(field, 'invalid', 'a digit above 9')
  reader.uint8(field)
  return (octet & 0xf) * 10 + (octet >> 4)
}

function readZone(reader: ByteReader): number {
  const octet = reader.peek() ?? 0
  if (octet >> 4 > 9) reader.fail('TP-SCTS.zone', 'invalid', 'a digit above 9')
  reader.uint8('TP-SCTS.zone')
  const minutes = ((octet & 0x7) * 10 + (octet >> 4)) * QUARTER_MINUTES
  return octet & SIGN_BIT && minutes !== 0 ? -minutes : minutes
}
