import { SpanAttribute, type SpanAttributes, startSpan, traceparentHere } from '@ipsmgw/telemetry'
import { Application } from './dictionary/applications.ts'
import type { KnownMessage } from './dictionary/lookup.ts'
import type { RequestName } from './dictionary/messages.ts'
import { isSuccess } from './results.ts'
import type { Destination } from './routing.ts'
import type { SendResult } from './types.ts'

/** As the specifications call them. */
const APPLICATION_NAMES: Readonly<Record<number, string>> = {
  [Application.BASE]: 'base',
  [Application.SH]: 'Sh',
  [Application.S6C]: 'S6c',
  [Application.SGD]: 'SGd',
}

/** A request as a client's span, if it is sent in the work of a message that is traced. Nothing of its AVPs is told. */
export function traced(
  name: RequestName,
  { code, applicationId }: Pick<KnownMessage, 'code' | 'applicationId'>,
  { host, realm }: Destination,
  send: () => Promise<SendResult>,
): Promise<SendResult> {
  const parent = traceparentHere()
  if (parent === undefined) return send()
  const method = `${APPLICATION_NAMES[applicationId] ?? applicationId}/${name}`
  const server = host ?? realm
  const span = startSpan(method, {
    kind: 'client',
    parent,
    attributes: () => ({
      [SpanAttribute.rpcSystem]: 'diameter',
      [SpanAttribute.rpcMethod]: method,
      [SpanAttribute.diameterApplication]: applicationId,
      [SpanAttribute.diameterCommand]: code,
      ...(server !== undefined && { [SpanAttribute.serverAddress]: server }),
    }),
  })
  return span.run(send).then((result) => {
    span.set(resultOf(result))
    span.end(failureOf(result))
    return result
  })
}

function resultOf(result: SendResult): SpanAttributes {
  if (result.kind === 'not-sent') return {}
  const peer = { [SpanAttribute.diameterPeer]: result.peer }
  return result.kind === 'answer' ? { ...peer, [SpanAttribute.rpcStatus]: String(result.result.code) } : peer
}

function failureOf(result: SendResult): string | undefined {
  if (result.kind !== 'answer') return result.reason
  return isSuccess(result.result) ? undefined : String(result.result.code)
}
