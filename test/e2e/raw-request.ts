import { randomBytes } from 'node:crypto'
import { SCSCF } from './gateway.ts'

/** A request line by line; what a row changes replaces a line, or leaves it out. */
export interface Lines {
  readonly start?: string
  readonly Via?: string
  readonly From?: string
  readonly To?: string
  readonly 'Call-ID'?: string
  readonly CSeq?: string
  readonly 'P-Asserted-Identity'?: string | undefined
  readonly 'Content-Type'?: string | undefined
  readonly 'Content-Length'?: string
  readonly more?: readonly string[]
  readonly body?: string | Buffer
}

/** Who gets it unless a line says otherwise. */
export const TO = '447900300001'

let branches = 0

/** The octets of a MESSAGE, or of another method, with every line that a row changes. */
export function request(lines: Lines = {}, sentBy = SCSCF, transport = 'UDP'): Buffer {
  const id = randomBytes(6).toString('hex')
  const { start = `MESSAGE tel:+${TO} SIP/2.0`, more = [], body = 'Hello', ...headers } = lines
  const octets = Buffer.from(body)
  const all: Record<string, string | undefined> = {
    Via: `SIP/2.0/${transport} ${sentBy};branch=z9hG4bK${id}${branches++};rport`,
    From: `<tel:+447700900111>;tag=${id}`,
    To: `<tel:+${TO}>`,
    'Call-ID': id,
    CSeq: `1 ${start.split(' ')[0]}`,
    'P-Asserted-Identity': '<tel:+447700900111>',
    'Content-Type': 'text/plain',
    'Content-Length': String(octets.length),
    ...headers,
  }
  const text = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  )
  return Buffer.concat([Buffer.from(`${[start, ...text, ...more].join('\r\n')}\r\n\r\n`), octets])
}
