import { Assembly, type AssemblyFault } from './assembly.ts'
import { decodeByteRange, headerOf } from './codec.ts'
import type { ByteRange, MsrpLimits, MsrpRequest, MsrpStatus, ReportRequest } from './messages.ts'

/** A message that has come whole. Its response waits for what is decided about it. */
export interface ReceivedMessage {
  readonly messageId: string
  readonly contentType: string | undefined
  readonly octets: Buffer
  readonly reports: ReportRequest
  /** The chunk that made it whole. */
  readonly request: MsrpRequest
}

/** What is to be done about a request, in order. */
export type MsrpEffect =
  | { readonly kind: 'respond'; readonly request: MsrpRequest; readonly status: MsrpStatus }
  | { readonly kind: 'deliver'; readonly message: ReceivedMessage }
  | { readonly kind: 'aborted'; readonly messageId: string }

interface Open {
  readonly assembly: Assembly
  readonly contentType: string | undefined
}

/** The messages of one session that are under way; nothing but memory. */
export type ReceiverState = ReadonlyMap<string, Open>

export const NOTHING_RECEIVED: ReceiverState = new Map()

const STATUS_OF: Readonly<Record<AssemblyFault, MsrpStatus>> = {
  tooLarge: 413,
  outOfBounds: 423,
  tooManyGaps: 423,
}
const WHOLE: ByteRange = { start: 1, end: undefined, total: undefined }
const LONGEST_ID = 256

export interface ReceiverStep {
  readonly next: ReceiverState
  readonly effects: readonly MsrpEffect[]
}

/** A request within a session, receiving side (RFC 4975 §7.3). */
export function receive(state: ReceiverState, request: MsrpRequest, limits: MsrpLimits): ReceiverStep {
  if (request.method === 'SEND') return receiveChunk(state, request, limits)
  // A REPORT is never answered (§7.1.2); nothing was sent that one could be about.
  if (request.method === 'REPORT') return { next: state, effects: [] }
  return { next: state, effects: [{ kind: 'respond', request, status: 501 }] }
}

function receiveChunk(state: ReceiverState, request: MsrpRequest, limits: MsrpLimits): ReceiverStep {
  const refuse = (status: MsrpStatus, next: ReceiverState = state): ReceiverStep => ({
    next,
    effects: answers(request, status),
  })
  const messageId = headerOf(request, 'Message-ID')
  if (request.body === undefined) return refuse(200)
  if (messageId === undefined || messageId === '' || messageId.length > LONGEST_ID) return refuse(400)
  const rangeText = headerOf(request, 'Byte-Range')
  const range = rangeText === undefined ? WHOLE : decodeByteRange(rangeText)
  if (range === undefined) return refuse(400)
  if (request.continuation === '#') return abort(state, request, messageId)
  if (request.oversized) return refuse(413, without(state, messageId))
  const open = state.get(messageId) ?? {
    assembly: new Assembly(limits),
    contentType: headerOf(request, 'Content-Type'),
  }
  if (!state.has(messageId) && state.size >= limits.openMessages) return refuse(413)
  const fault = open.assembly.take(range, request.body, request.continuation === '$')
  if (fault !== undefined) return refuse(STATUS_OF[fault], without(state, messageId))
  const octets = open.assembly.whole()
  if (octets === undefined) return refuse(200, new Map([...state, [messageId, open]]))
  const { contentType } = open
  const message = { messageId, contentType, octets, reports: reportsOf(request), request }
  return { next: without(state, messageId), effects: [{ kind: 'deliver', message }] }
}

function abort(state: ReceiverState, request: MsrpRequest, messageId: string): ReceiverStep {
  return {
    next: without(state, messageId),
    effects: [...answers(request, 200), { kind: 'aborted', messageId }],
  }
}

function without(state: ReceiverState, messageId: string): ReceiverState {
  return new Map([...state].filter(([id]) => id !== messageId))
}

/** Failure-Report says which responses a sender wants: all, none, or those that say something (§7.1.1). */
export function answers(request: MsrpRequest, status: MsrpStatus): MsrpEffect[] {
  const { failure } = reportsOf(request)
  const wanted = failure === 'yes' || (failure === 'partial' && status !== 200)
  return wanted ? [{ kind: 'respond', request, status }] : []
}

export function reportsOf(request: MsrpRequest): ReportRequest {
  const failure = headerOf(request, 'Failure-Report')?.toLowerCase()
  return {
    success: headerOf(request, 'Success-Report')?.toLowerCase() === 'yes',
    failure: failure === 'no' || failure === 'partial' ? failure : 'yes',
  }
}
