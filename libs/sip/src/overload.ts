import type { SipParams } from './params.ts'

/** What a server that sheds load tells each neighbour, RFC 7339 §4. */
export interface OverloadFeedback {
  /** Share of requests the neighbour is asked to hold back; 0 when there is no overload. */
  readonly lossPercent: number
  /** How long that holds, milliseconds. */
  readonly validityMs: number
  /** Grows with every change, so that a late answer cannot bring back an old value: `seconds.fraction`. */
  readonly sequence: string
}

const OVERLOAD_PARAMS: ReadonlySet<string> = new Set(['oc', 'oc-algo', 'oc-validity', 'oc-seq'])

/** Whether the neighbour controls its load by loss, the scheme that all who offer `oc` must know (RFC 7339 §4.2). */
export function offersOverloadControl(via: SipParams): boolean {
  if (!via.has('oc')) return false
  const algorithms = via.get('oc-algo')
  return (
    algorithms === undefined || algorithms.split(',').some((name) => name.trim().toLowerCase() === 'loss')
  )
}

/** Parameters of the neighbour's Via with ours in place of its offer (RFC 7339 §5.3). */
export function withFeedback(
  via: SipParams,
  { lossPercent, validityMs, sequence }: OverloadFeedback,
): { readonly name: string; readonly value: string | undefined }[] {
  return [
    ...[...via].filter(({ name }) => !OVERLOAD_PARAMS.has(name.toLowerCase())),
    { name: 'oc', value: String(lossPercent) },
    { name: 'oc-algo', value: '"loss"' },
    { name: 'oc-validity', value: String(validityMs) },
    { name: 'oc-seq', value: sequence },
  ]
}
