import { DecodeError } from '@ipsmgw/bytes'
import { decodeMapError } from './errors.ts'
import type { MapVersion } from './messages.ts'
import { decodeResult, type OperationName, type Result } from './operations.ts'
import type { MapOutcome } from './outcomes.ts'
import type { Attempt } from './outgoing-dialogue.ts'

/** The outcome in MAP's words. An answer whose parameter cannot be read is still that answer. */
export function outcomeOf<N extends OperationName>(
  name: N,
  attempt: Attempt,
  version: MapVersion,
): MapOutcome<N> {
  if (attempt.kind === 'unknown') return attempt
  if (attempt.kind === 'notExecuted') return { kind: 'notExecuted', ...attempt.why }
  const { component, inform } = attempt
  const answered = { version, ...(inform !== undefined && { inform }) }
  switch (component.kind) {
    case 'reject':
      return { kind: 'rejected', problem: component.problem, ...answered }
    case 'returnError': {
      const { value, fault } = attemptTo(() => decodeMapError(component.error, component.parameter))
      const error = value ?? decodeMapError(component.error, undefined)
      return { kind: 'error', error, ...answered, ...(fault && { fault }) }
    }
    default: {
      const { value, fault } = attemptTo<Result<N> | undefined>(() => decodeResult(name, component.parameter))
      return { kind: 'result', result: value, ...answered, ...(fault && { fault }) }
    }
  }
}

function attemptTo<T>(decode: () => T): { value?: T; fault?: DecodeError } {
  try {
    return { value: decode() }
  } catch (fault) {
    if (fault instanceof DecodeError) return { fault }
    throw fault
  }
}
