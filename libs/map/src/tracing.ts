import { maskDigits, SpanAttribute, startSpan, traceparentHere } from '@ipsmgw/telemetry'
import { OPERATIONS, type OperationName } from './operations.ts'
import type { MapOutcome } from './outcomes.ts'

/** An operation as a client's span, if it is invoked in the work of a message that is traced. Addresses are masked. */
export function traced<N extends OperationName>(
  name: N,
  peer: string,
  perform: () => Promise<MapOutcome<N>>,
): Promise<MapOutcome<N>> {
  const parent = traceparentHere()
  if (parent === undefined) return perform()
  const span = startSpan(`MAP/${name}`, {
    kind: 'client',
    parent,
    attributes: () => ({
      [SpanAttribute.rpcSystem]: 'map',
      [SpanAttribute.rpcMethod]: `MAP/${name}`,
      [SpanAttribute.mapContext]: OPERATIONS[name].context,
      [SpanAttribute.serverAddress]: maskDigits(peer),
    }),
  })
  return span.run(perform).then((outcome) => {
    const failure = failureOf(outcome)
    span.set({ [SpanAttribute.rpcStatus]: failure ?? 'result' })
    span.end(failure)
    return outcome
  })
}

/** The error by its name, or why there is none. */
function failureOf(outcome: MapOutcome<OperationName>): string | undefined {
  switch (outcome.kind) {
    case 'result':
      return undefined
    case 'error':
      return outcome.error.error
    case 'rejected':
      return 'rejected'
    case 'notExecuted':
    case 'unknown':
      return outcome.reason
  }
}
