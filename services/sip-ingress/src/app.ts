import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { SecureContextOptions } from 'node:tls'
import { type Bus, BusError, type Consumer, from, on } from '@ipsmgw/bus'
import { imdnOutbox, imReceived, messageRefused, sipFinal, tapEvent } from '@ipsmgw/events'
import type { KeyMaker } from '@ipsmgw/numbering'
import type { Policy } from '@ipsmgw/policy'
import { listenError, type Part } from '@ipsmgw/runtime'
import { SipEndpoint } from '@ipsmgw/sip'
import type { Logger } from '@ipsmgw/telemetry'
import { Admission } from './admission.ts'
import type { SipIngressConfig } from './config.ts'
import { ContentCheck } from './content-check.ts'
import { Ingress, idOf } from './ingress.ts'
import { createMsrpEndpoint } from './large-message-settings.ts'
import { LargeMessages } from './large-messages.ts'
import { CertificateFiles, listenersOf, readTls } from './listeners.ts'
import { LoadProbe } from './load-probe.ts'
import { Notifier } from './notifier.ts'
import { PeerTable } from './peers.ts'
import { RateLimiter } from './rates.ts'
import { RefusalRecords } from './refusal-records.ts'
import type { IngressReport } from './report.ts'
import { Taps } from './taps.ts'

export interface SipIngressDependencies {
  readonly bus: Bus
  readonly keys: KeyMaker
  readonly report: IngressReport
  readonly logger: Logger
  policy(): Policy
  now(): number
}

export interface SipIngress extends Part {
  readonly ingress: Ingress
  readonly admission: Admission
  /** Port in use once started. */
  port(): number
}

/** How long a stop waits for senders that have no final yet: Timer F, after which nobody listens any more. */
const DRAIN_MS = 32_000
/** How far back the outbox is read again for notifications that a crash left without outcome. */
const OUTBOX_WINDOW_MS = 600_000

/** SIP on UDP and TCP, records out, finals and notifications in. Opens for traffic only after the reply way has proved itself. */
export function createSipIngress(
  config: Pick<SipIngressConfig, 'sip' | 'ordinal'>,
  dependencies: SipIngressDependencies,
): SipIngress {
  const { sip, ordinal } = config
  const { bus, report } = dependencies
  const admission = new Admission(sip)
  const taps = new Taps(
    { file: sip.tapTargetFile, instance: `sip-ingress-${ordinal}` },
    {
      now: dependencies.now,
      publish: (event) => bus.publish(tapEvent, event),
      failed: (error) => report.tapFailed(error),
    },
  )
  const mode = sip.largeMessageMode
  const msrp = mode.enabled ? createMsrpEndpoint(mode, sip.tls && readTls(sip.tls)) : undefined
  const sessions =
    msrp &&
    new LargeMessages(
      { ...mode, host: sip.hostname },
      {
        endpoint: msrp,
        idOf,
        now: dependencies.now,
        refusal: (message, source) => ingress.refusal(message, source),
        take: (request) => ingress.request(request),
        refuse: (request, refusal) => ingress.refuse(request, refusal),
        request: (request) => endpoint.request(request),
        sessionEnded: (end) => report.sessionEnded(end),
      },
    )
  const ingress: Ingress = new Ingress(
    { ...sip, host: sip.hostname, reply: { ordinal, bootId: randomUUID() } },
    {
      ...dependencies,
      admission,
      rates: new RateLimiter({ replicas: sip.replicas, capacity: sip.rememberedSenders }),
      contentCheck: new ContentCheck(),
      ...(sessions !== undefined && { sessions }),
      refusals: new RefusalRecords(sip, {
        now: dependencies.now,
        publish: (record) => bus.publish(messageRefused, record),
        failed: (record, error) => report.refusalRecordFailed(record, error),
        skipped: () => report.refusalUnrecorded(),
      }),
      taps,
      peers: new PeerTable(sip.peers),
      publish: (record) => bus.publish(imReceived, record),
      provablyNotPublished: (error) =>
        error instanceof BusError && ['full', 'closed', 'oversized'].includes(error.code),
    },
  )
  const endpoint: SipEndpoint = new SipEndpoint(
    {
      listeners: listenersOf(sip),
      timers: sip.timers,
      tryingDelayMs: sip.tryingDelayMs,
      ...(sip.tls !== undefined && { tlsClient: readTls(sip.tls) }),
    },
    {
      admits: (request, source) => ingress.admits(request, source),
      feedback: () => admission.feedback,
      onRequest: (request) => ingress.request(request),
      onInviteEnded: (transaction, end) => sessions?.inviteEnded(transaction, end),
      onParseError: (error, source) => report.malformed(error, source),
      onHandlerError: (error) => report.handlerFault(error),
      onEvent: (name) => report.sipEvent(name),
    },
  )
  const notifier = new Notifier(
    { ...sip.notifications, host: sip.hostname, peers: sip.peers },
    {
      now: dependencies.now,
      report,
      request: (request) => endpoint.request(request),
      publish: (record) => bus.publish(imdnOutbox, record),
      wait: (delayMs, signal) => delay(delayMs, undefined, { signal }).catch(() => undefined),
    },
  )
  const renewTls = (tls: SecureContextOptions) => {
    endpoint.renewTls(tls)
    msrp?.renewTls(tls)
  }
  const certificates = new CertificateFiles(sip.tls, renewTls, dependencies.logger)
  const probe = new LoadProbe(dependencies.now, (utilisation, delayMs, nowMs) => {
    admission.sample({ ...ingress.waiting(nowMs), utilisation, delayMs })
  })
  let replies: Consumer | undefined
  let outbox: Consumer | undefined
  return {
    name: 'sip-ingress',
    ingress,
    admission,
    port: () => endpoint.addresses()[0]?.port ?? sip.port,
    async start() {
      replies = await bus.replies(sipFinal, ordinal, (final) => ingress.final(final))
      try {
        await endpoint.start()
      } catch (error) {
        await Promise.all([endpoint.close(), replies.close()])
        throw listenError(error, 'SIP', sip.host, sip.port, 'IPSMGW_SIP_PORT')
      }
      try {
        await msrp?.start()
      } catch (error) {
        await Promise.all([endpoint.close(), replies.close()])
        throw listenError(error, 'MSRP', mode.host, mode.port, 'IPSMGW_SIP_LARGE_MESSAGE_MODE_PORT')
      }
      outbox = await bus.consume({
        group: 'sip-ingress',
        mode: 'at-least-once',
        maximumInFlight: sip.notifications.maximumInFlight,
        subscriptions: [on(imdnOutbox, ({ value }, { owned }) => notifier.handle(value, owned))],
        replay: {
          windowMs: OUTBOX_WINDOW_MS,
          sources: [from(imdnOutbox, ({ value, partition }) => notifier.replay(partition, value))],
        },
        onReplayed: (partition) => {
          notifier.replayed(partition).catch((error: unknown) => report.handlerFault(error))
        },
      })
      certificates.start()
      taps.start()
      probe.start()
      ingress.open()
    },
    async stop() {
      notifier.stop()
      const notified = outbox?.close()
      const given = new AbortController()
      const expiry = delay(DRAIN_MS, undefined, { signal: given.signal }).catch(() => undefined)
      await Promise.race([Promise.all([ingress.drain(), notified]), expiry])
      given.abort()
      sessions?.stop()
      await msrp?.close()
      await endpoint.close()
      await notified
      await replies?.close()
      ingress.close()
      probe.stop()
      taps.stop()
      certificates.stop()
    },
  }
}
