import { randomUUID } from 'node:crypto'
import { type Bus, BusError, type Consumer } from '@ipsmgw/bus'
import { imReceived, sipFinal } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import { listenError, type Part } from '@ipsmgw/runtime'
import { SipEndpoint } from '@ipsmgw/sip'
import type { SipIngressConfig } from './config.ts'
import { Ingress } from './ingress.ts'
import { PeerTable } from './peers.ts'
import type { IngressReport } from './report.ts'

export interface SipIngressDependencies {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly report: IngressReport
  policy(): Policy
  now(): number
}

export interface SipIngress extends Part {
  readonly ingress: Ingress
  /** Port in use once started. */
  port(): number
}

/** How long a stop waits for senders that have no final yet: Timer F, after which nobody listens any more. */
const DRAIN_MS = 32_000

/** SIP on UDP and TCP, records out, finals in. Opens for traffic only after the reply way has proved itself. */
export function createSipIngress(
  config: Pick<SipIngressConfig, 'sip' | 'ordinal'>,
  dependencies: SipIngressDependencies,
): SipIngress {
  const { sip, ordinal } = config
  const { bus, report } = dependencies
  const ingress = new Ingress(
    { ...sip, host: sip.hostname, body: {}, ordinal, bootId: randomUUID() },
    {
      ...dependencies,
      peers: new PeerTable(sip.peers),
      publish: (record) => bus.publish(imReceived, record),
      provablyNotPublished: (error) =>
        error instanceof BusError && ['full', 'closed', 'oversized'].includes(error.code),
    },
  )
  const endpoint = new SipEndpoint(
    {
      listeners: (['udp', 'tcp'] as const).map((transport) => ({
        transport,
        host: sip.host,
        port: sip.port,
      })),
      tryingDelayMs: sip.tryingDelayMs,
    },
    {
      onRequest: (request) => ingress.request(request),
      onParseError: (error, source) => report.malformed(error, source),
      onHandlerError: (error) => report.handlerFault(error),
      onEvent: (name) => report.sipEvent(name),
    },
  )
  let replies: Consumer | undefined
  return {
    name: 'sip-ingress',
    ingress,
    port: () => endpoint.addresses()[0]?.port ?? sip.port,
    async start() {
      replies = await bus.replies(sipFinal, ordinal, (final) => ingress.final(final))
      try {
        await endpoint.start()
      } catch (error) {
        await Promise.all([endpoint.close(), replies.close()])
        throw listenError(error, 'SIP', sip.host, sip.port, 'IPSMGW_SIP_PORT')
      }
      ingress.open()
    },
    async stop() {
      await Promise.race([ingress.drain(), delay(DRAIN_MS)])
      await endpoint.close()
      await replies?.close()
      ingress.close()
    },
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
