import { isAscii, isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'

const BYTE_ORDER_MARK = '\ufeff'

/** Charset labels (case-insensitive) and the decoder each stands for. */
const CHARSETS: ReadonlyMap<string, (octets: Buffer) => string | undefined> = new Map([
  ['utf-8', decodeUtf8],
  ['utf8', decodeUtf8],
  ['us-ascii', decodeAscii],
  ['ascii', decodeAscii],
  ['iso-8859-1', decodeLatin1],
  ['iso8859-1', decodeLatin1],
  ['iso_8859-1', decodeLatin1],
  ['latin1', decodeLatin1],
  ['iso-8859-15', decodeWith(strictDecoder('iso-8859-15'))],
  ['iso8859-15', decodeWith(strictDecoder('iso-8859-15'))],
  ['latin-9', decodeWith(strictDecoder('iso-8859-15'))],
  ['windows-1252', decodeWith(strictDecoder('windows-1252'))],
  ['cp1252', decodeWith(strictDecoder('windows-1252'))],
  ['utf-16', decodeUtf16],
  ['utf-16le', decodeWith(strictDecoder('utf-16le'))],
  ['utf-16be', decodeWith(strictDecoder('utf-16be'))],
])

/**
 * Text of octets in a charset, without a leading byte order mark. Without a label UTF-8, the superset of MIME's
 * default. `unsupported` for a label not in the table, `malformed` for octets that the charset does not have.
 */
export function decodeCharset(
  octets: Buffer,
  charset: string | undefined,
): { text: string } | 'malformed' | 'unsupported' {
  const decode = charset === undefined ? decodeUtf8 : CHARSETS.get(charset.trim().toLowerCase())
  if (decode === undefined) return 'unsupported'
  const text = decode(octets)
  if (text === undefined) return 'malformed'
  return { text: text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text }
}

function decodeUtf8(octets: Buffer): string | undefined {
  if (isAscii(octets)) return octets.toString('latin1')
  return isUtf8(octets) ? octets.toString('utf8') : undefined
}

function decodeAscii(octets: Buffer): string | undefined {
  return isAscii(octets) ? octets.toString('latin1') : undefined
}

function decodeLatin1(octets: Buffer): string {
  return octets.toString('latin1')
}

/** The byte order mark decides, big endian without one (RFC 2781 §4.3). */
function decodeUtf16(octets: Buffer): string | undefined {
  const isLittleEndian = octets[0] === 0xff && octets[1] === 0xfe
  return decodeWith(strictDecoder(isLittleEndian ? 'utf-16le' : 'utf-16be'))(octets)
}

function strictDecoder(charset: string): TextDecoder {
  return new TextDecoder(charset, { fatal: true, ignoreBOM: true })
}

function decodeWith(decoder: TextDecoder): (octets: Buffer) => string | undefined {
  return (octets) => {
    try {
      return decoder.decode(octets)
    } catch (error) {
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}
