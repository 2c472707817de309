import type { SipFinalStatus } from '@ipsmgw/events'
import { type Cause, type CauseRow, causeRow } from './table.ts'

export interface AnswerOptions {
  /** Host name for Warning headers. */
  readonly host: string
  /** Operator's own SIP status per cause; Reason and texts stay. */
  readonly overrides?: Readonly<Partial<Record<Cause, number>>>
}

/** More about one occurrence of a cause: a diagnostic for humans, or a time the network gave. */
export interface AnswerDetail {
  readonly detail?: string
  readonly retryAfterSeconds?: number
}

/** The SIP final answer of a cause: status, Reason (Q.850 only, RFC 6432), Warning, Retry-After. */
export function answerFor(cause: Cause, options: AnswerOptions, detail: AnswerDetail = {}): SipFinalStatus {
  const row = causeRow(cause)
  const status = options.overrides?.[cause] ?? row.status
  const headers: [string, string][] = []
  if (status < 300) return { status, reasonPhrase: row.reasonPhrase, headers }
  if (row.q850 !== undefined) headers.push(['Reason', `Q.850;cause=${row.q850};text=${quoted(row.text)}`])
  headers.push(...warnings(row, status, options.host, detail.detail))
  const retryAfterSeconds = detail.retryAfterSeconds ?? row.retryAfterSeconds
  if (retryAfterSeconds !== undefined && RETRY_AFTER_ALLOWED.has(status))
    headers.push(['Retry-After', String(retryAfterSeconds)])
  return { status, reasonPhrase: row.reasonPhrase, headers }
}

/** RFC 3428 allows Retry-After with these only. */
const RETRY_AFTER_ALLOWED = new Set([404, 413, 480, 486, 500, 503])

function warnings(
  row: CauseRow,
  status: number,
  host: string,
  detail: string | undefined,
): [string, string][] {
  if (row.warning !== undefined) return [['Warning', `399 ${host} ${quoted(row.warning)}`]]
  if (status !== 480 && status !== 500) return []
  const text = row.text + (detail === undefined ? '' : `, ${detail}`)
  return [['Warning', `399 ${host} ${quoted(row.q850 === 47 ? row.text : `SMS not delivered: ${text}`)}`]]
}

function quoted(text: string): string {
  return `"${text.replace(/["\\\r\n]/g, ' ')}"`
}
