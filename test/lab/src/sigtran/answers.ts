import type { MapAnswer, MapError, MapVersion, OperationName } from '@ipsmgw/map'
import { InvokeProblem, PAbortCause } from '@ipsmgw/tcap'
import type { Conduct } from '../behaviour.ts'

/** A SEQUENCE that ends behind its component: nobody can read the answer around it. */
const UNREADABLE: MapError = { error: 'unknown', code: 34, parameter: Buffer.from([0x30, 0x05]) }

/** What is said instead of a result, and its word for the log. */
export function negativeAnswer(
  conduct: Exclude<Conduct, { kind: 'serve' }>,
  version: MapVersion,
): { readonly answer: MapAnswer<OperationName>; readonly word: string } {
  switch (conduct.kind) {
    case 'refuse': {
      const error = asVersion(conduct.error, version)
      return { answer: { kind: 'error', error }, word: wordOf(error) }
    }
    case 'silent':
      return { answer: { kind: 'silence' }, word: 'none' }
    case 'malformed':
      return { answer: { kind: 'error', error: UNREADABLE }, word: 'malformed' }
    case 'abort':
      return { answer: { kind: 'abort' }, word: 'abort' }
    case 'turn-away':
      return {
        answer: { kind: 'abort', reason: { pAbortCause: PAbortCause.resourceLimitation } },
        word: 'turned away',
      }
    case 'reject': {
      const problem = { type: 'invoke', code: InvokeProblem.mistypedParameter } as const
      return { answer: { kind: 'reject', problem }, word: 'reject' }
    }
    case 'no-answer':
      return { answer: { kind: 'end' }, word: 'no answer' }
  }
}

/** Versions 1 and 2 know an absent subscriber without a diagnostic (TS 29.002 §17.6.6). */
function asVersion(error: MapError, version: MapVersion): MapError {
  return error.error === 'absentSubscriberSM' && version < 3 ? { error: 'absentSubscriber' } : error
}

function wordOf(error: MapError): string {
  return error.error === 'unknown' ? `error ${error.code}` : error.error
}
