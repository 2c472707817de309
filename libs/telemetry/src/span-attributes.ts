/**
 * Names of span attributes, in one place because the registry still moves them: semantic conventions 1.45, and our own
 * where there is no convention (SIP, Diameter, MAP). None may hold a number, an identity or text.
 */
export const SpanAttribute = {
  errorType: 'error.type',
  serverAddress: 'server.address',
  networkTransport: 'network.transport',
  networkPeerAddress: 'network.peer.address',
  networkPeerPort: 'network.peer.port',

  messagingSystem: 'messaging.system.name',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingDestination: 'messaging.destination.name',
  messagingPartition: 'messaging.destination.partition.id',
  messagingGroup: 'messaging.consumer.group.name',
  messagingClientId: 'messaging.client.id',
  messagingMessageId: 'messaging.message.id',
  kafkaOffset: 'kafka.offset',

  rpcSystem: 'rpc.system.name',
  rpcMethod: 'rpc.method',
  rpcStatus: 'rpc.status_code',

  sipMethod: 'sip.request.method',
  sipStatus: 'sip.response.status_code',
  diameterApplication: 'diameter.application_id',
  diameterCommand: 'diameter.command_code',
  diameterPeer: 'diameter.peer.origin_host',
  mapContext: 'map.application_context',

  messageId: 'ipsmgw.message_id',
  outcome: 'ipsmgw.outcome',
  cause: 'ipsmgw.cause',
  parts: 'ipsmgw.parts',
  peer: 'ipsmgw.peer',
} as const

/** As they were called before 1.45; most back ends still look for these, so both are written. */
const FORMER: Readonly<Record<string, string>> = {
  [SpanAttribute.messagingSystem]: 'messaging.system',
  [SpanAttribute.rpcSystem]: 'rpc.system',
}

export type SpanAttributes = Readonly<
  Partial<Record<(typeof SpanAttribute)[keyof typeof SpanAttribute], string | number>>
>

export function withFormerNames(attributes: SpanAttributes): Record<string, string | number> {
  const all: Record<string, string | number> = { ...attributes }
  for (const [name, former] of Object.entries(FORMER)) {
    const value = all[name]
    if (value !== undefined) all[former] = value
  }
  return all
}
