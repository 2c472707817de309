import type { CpimMessage } from './cpim/messages.ts'
import { parseCpim } from './cpim/parse.ts'
import { imdnRequestOf } from './imdn-request.ts'
import {
  type BodyInput,
  type BodyOptions,
  type BodyResult,
  DEFAULT_LIMITS,
  type RefusedBody,
} from './messages.ts'
import { type MediaType, parseDisposition, parseMediaType } from './mime/fields.ts'
import type { Entity } from './mime/headers.ts'
import { splitMultipart } from './mime/multipart.ts'
import { undoTransferEncoding } from './mime/transfer-encoding.ts'
import { refuse, refuseType } from './refusals.ts'
import { decodeCharset } from './text/charset.ts'
import { cleanText } from './text/clean.ts'
import { textOfHtml } from './text/html.ts'
import { linkOfFileTransfer, textOfLocation } from './text/rcs-xml.ts'

/** What one entity comes to, before the last look at the whole. */
type Outcome =
  | {
      readonly ok: true
      readonly kind: 'text'
      readonly text: string
      readonly mediaType: string
      readonly cpim?: CpimMessage
    }
  | { readonly ok: true; readonly kind: 'notification'; readonly cpim?: CpimMessage }
  | { readonly ok: true; readonly kind: 'consumed'; readonly mediaType: string; readonly cpim?: CpimMessage }
  /** An optional part that cannot be shown. */
  | { readonly ok: true; readonly kind: 'nothing' }
  | RefusedBody

/** Where an entity stands. The budget is shared by all of one body. */
interface Place {
  readonly options: BodyOptions
  readonly depth: number
  readonly cpimDepth: number
  readonly budget: { parts: number }
  /** Media type of a part without Content-Type; outside of a multipart that is a fault. */
  readonly defaultType: string | undefined
}

const DEFAULT_PART_TYPE = 'text/plain'
const DEFAULT_DIGEST_TYPE = 'message/rfc822'
const SHOWN_DISPOSITIONS: ReadonlySet<string> = new Set(['render', 'inline'])
const NOTIFICATION_TYPE = 'message/imdn+xml'
const SUBJECT_LABEL = 'Subject: '

/**
 * Turns a message body into the text to deliver, or into what else it is (RFC 3428 §7, RFC 3862, RFC 5438, RFC 5621).
 * Never throws for what a sender wrote: a refusal is a value with its SIP status.
 */
export function readBody(input: BodyInput, options: BodyOptions = {}): BodyResult {
  const octets = Buffer.from(input.body.buffer, input.body.byteOffset, input.body.length)
  const maximum = options.maxBodyOctets ?? DEFAULT_LIMITS.bodyOctets
  if (octets.length === 0) return refuse(400, 'empty', 'Message without a body')
  if (octets.length > maximum) return refuse(413, 'tooLarge', `Message body above ${maximum} octets`)
  const entity: Entity = {
    contentType: input.contentType,
    contentEncoding: input.contentEncoding,
    contentDisposition: input.contentDisposition,
    contentTransferEncoding: input.contentTransferEncoding,
    octets,
  }
  const budget = { parts: options.maxParts ?? DEFAULT_LIMITS.parts }
  return conclude(
    judge(entity, { options, depth: 0, cpimDepth: 0, budget, defaultType: undefined }),
    input,
    options,
  )
}

function conclude(outcome: Outcome, input: BodyInput, options: BodyOptions): BodyResult {
  if (!outcome.ok) return outcome
  if (outcome.kind === 'nothing') return refuse(400, 'empty', 'Message without a part that can be shown')
  if (outcome.kind !== 'text') return outcome
  const text = outcome.text.normalize('NFC')
  if (text === '') return refuse(400, 'empty', 'Message without text')
  const subject = options.subject === 'prefix' ? subjectOf(outcome.cpim, input) : ''
  const imdn = outcome.cpim && imdnRequestOf(outcome.cpim)
  return {
    ...outcome,
    text: subject === '' ? text : `${SUBJECT_LABEL}${subject}\n${text}`,
    ...(imdn && { imdn }),
  }
}

function subjectOf(cpim: CpimMessage | undefined, input: BodyInput): string {
  return cleanText(cpim?.subject ?? input.subject ?? '')
    .replaceAll('\n', ' ')
    .trim()
    .normalize('NFC')
}

/** Encoding, type and disposition of one entity; a refusal of an optional one is nothing. */
function judge(entity: Entity, place: Place): Outcome {
  const disposition =
    entity.contentDisposition === undefined ? undefined : parseDisposition(entity.contentDisposition)
  if (entity.contentDisposition !== undefined && disposition === undefined)
    return refuse(400, 'malformedHeader', 'Malformed Content-Disposition')
  const outcome = judgeRequired(entity, disposition?.name ?? 'render', place)
  const isOptional = disposition?.parameters.get('handling')?.toLowerCase() === 'optional'
  return !outcome.ok && isOptional && outcome.status !== 413 ? { ok: true, kind: 'nothing' } : outcome
}

function judgeRequired(entity: Entity, disposition: string, place: Place): Outcome {
  const encoding = entity.contentEncoding?.trim().toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity')
    return refuse(415, 'unsupportedContentEncoding', 'Unsupported Content-Encoding', {
      acceptEncoding: 'identity',
    })
  const contentType = entity.contentType?.trim() || place.defaultType
  if (contentType === undefined) return refuse(400, 'missingContentType', 'Body without Content-Type')
  const type = parseMediaType(contentType)
  if (type === undefined) return refuse(400, 'malformedHeader', 'Malformed Content-Type')
  if (type.name === NOTIFICATION_TYPE) return { ok: true, kind: 'notification' }
  if (!SHOWN_DISPOSITIONS.has(disposition))
    return refuseType(
      'unsupportedDisposition',
      `Unsupported Content-Disposition ${disposition}`,
      place.options,
    )
  return judgeType(entity, type, place)
}

/** The table of body types; everything that is not in it is a 415. */
function judgeType(entity: Entity, type: MediaType, place: Place): Outcome {
  const { options } = place
  if (type.type === 'multipart') return judgeMultipart(entity, type, place)
  switch (type.name) {
    case 'text/plain':
      return readText(entity, type, options, (text) => text)
    case 'message/cpim':
      return judgeCpim(entity, place)
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      return refuse(493, 'encrypted', 'Encrypted content')
    case 'application/im-iscomposing+xml':
      if (options.isComposing === 'consume') return { ok: true, kind: 'consumed', mediaType: type.name }
      break
    case 'text/html':
      if (options.html === 'strip') return readText(entity, type, options, textOfHtml)
      break
    case 'application/vnd.gsma.rcs-ft-http+xml':
      if (options.rcsXml === 'link') return readText(entity, type, options, linkOfFileTransfer)
      break
    case 'application/vnd.gsma.rcspushlocation+xml':
      if (options.rcsXml === 'link') return readText(entity, type, options, textOfLocation)
      break
  }
  return refuseType('unsupportedType', `Unsupported media type ${type.name}`, options)
}

function readText(
  entity: Entity,
  type: MediaType,
  options: BodyOptions,
  convert: (text: string) => string | undefined,
): Outcome {
  const octets = undo(entity, options)
  if (!Buffer.isBuffer(octets)) return octets
  const decoded = decodeCharset(octets, type.parameters.get('charset'))
  if (decoded === 'unsupported') return refuseType('unsupportedCharset', 'Unsupported charset', options)
  if (decoded === 'malformed') return refuse(400, 'malformedText', 'Text does not follow its charset')
  const converted = convert(decoded.text)
  if (converted === undefined)
    return refuseType('unsupportedType', `Nothing to show in ${type.name}`, options)
  return { ok: true, kind: 'text', text: cleanText(converted), mediaType: type.name }
}

function judgeCpim(entity: Entity, place: Place): Outcome {
  if (place.cpimDepth === DEFAULT_LIMITS.cpimDepth)
    return refuse(413, 'tooDeep', 'Too many nested CPIM messages')
  const octets = undo(entity, place.options)
  if (!Buffer.isBuffer(octets)) return octets
  const reading = parseCpim(octets)
  if (reading.kind === 'malformed') return refuse(400, 'malformedCpim', 'Malformed message/cpim')
  if (reading.kind === 'unknownRequirement')
    return refuseType('unsupportedRequire', `CPIM requires ${reading.name}`, place.options)
  const outcome = judge(reading.entity, { ...place, cpimDepth: place.cpimDepth + 1, defaultType: undefined })
  return !outcome.ok || outcome.kind === 'nothing' ? outcome : { ...outcome, cpim: reading.message }
}

function judgeMultipart(entity: Entity, type: MediaType, place: Place): Outcome {
  if (type.subtype === 'encrypted') return refuse(493, 'encrypted', 'Encrypted content')
  const { budget, options } = place
  if (place.depth >= (options.maxDepth ?? DEFAULT_LIMITS.depth))
    return refuse(413, 'tooDeep', 'Too many nested multiparts')
  const octets = undo(entity, options)
  if (!Buffer.isBuffer(octets)) return octets
  const parts = splitMultipart(octets, type.parameters.get('boundary'), budget.parts)
  if (parts === 'malformed') return refuse(400, 'malformedMultipart', 'Malformed multipart body')
  if (parts === 'tooManyParts') return refuse(413, 'tooManyParts', 'Too many body parts')
  budget.parts -= parts.length
  const defaultType = type.subtype === 'digest' ? DEFAULT_DIGEST_TYPE : DEFAULT_PART_TYPE
  const inner = { ...place, depth: place.depth + 1, defaultType }
  if (type.subtype === 'alternative') return judgeAlternative(parts, inner)
  return judgeMixed(type.subtype === 'signed' ? parts.slice(0, 1) : parts, inner)
}

/** The best is last: the last part that can be shown, else the refusal that says most. */
function judgeAlternative(parts: readonly Entity[], place: Place): Outcome {
  let outcome: Outcome = { ok: true, kind: 'nothing' }
  for (const part of parts.toReversed()) {
    const tried = judge(part, place)
    if (!tried.ok && tried.status === 413) return tried
    const isShown = tried.ok && tried.kind !== 'nothing' && !(tried.kind === 'text' && tried.text === '')
    if (isShown) return tried
    if (!tried.ok && (outcome.ok || tried.status === 400)) outcome = tried
  }
  return outcome
}

/** All texts in order on lines of their own; the first refusal refuses the whole. */
function judgeMixed(parts: readonly Entity[], place: Place): Outcome {
  let result: Outcome = { ok: true, kind: 'nothing' }
  for (const part of parts) {
    const outcome = judge(part, place)
    if (!outcome.ok) return outcome
    result = joined(result, outcome)
  }
  return result
}

type Accepted = Exclude<Outcome, RefusedBody>

/** Text beats notifications, these beat consumed parts, these beat nothing; two texts become one. */
function joined(a: Accepted, b: Accepted): Accepted {
  if (a.kind === 'text' && b.kind === 'text') {
    const cpim = a.cpim ?? b.cpim
    const text = a.text === '' ? b.text : b.text === '' ? a.text : `${a.text}\n${b.text}`
    return { ...a, text, ...(cpim && { cpim }) }
  }
  const order = ['text', 'notification', 'consumed', 'nothing'] as const
  return order.indexOf(b.kind) < order.indexOf(a.kind) ? b : a
}

function undo(entity: Entity, options: BodyOptions): Buffer | RefusedBody {
  const octets = undoTransferEncoding(entity.octets, entity.contentTransferEncoding)
  if (octets === 'malformed')
    return refuse(400, 'malformedTransferEncoding', 'Body does not follow its Content-Transfer-Encoding')
  if (octets === 'unsupported')
    return refuseType('unsupportedTransferEncoding', 'Unsupported Content-Transfer-Encoding', options)
  return octets
}
