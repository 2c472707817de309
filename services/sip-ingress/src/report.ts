import { type ImReceived, NOTIFICATION_OUTCOMES, NOTIFICATIONS } from '@ipsmgw/events'
import type { RespondOutcome, SipEventName, SipParseError, SipSource } from '@ipsmgw/sip'
import {
  type AboutMessage,
  counter,
  gauge,
  histogram,
  type Logger,
  messageFields,
  NETWORK_BUCKETS_SECONDS,
  type Registry,
  rateLimited,
} from '@ipsmgw/telemetry'
import { SESSION_ENDS, type SessionEnd } from './large-messages.ts'
import type { NotifierReport } from './notifier.ts'

/** One function per business fact: counter, log line and span in one place. */
export interface IngressReport extends NotifierReport {
  sessionEnded(end: SessionEnd): void
  accepted(record: ImReceived): void
  /** `message`: a MESSAGE whose headers can be read. */
  refused(method: string, status: number, why: string, message: AboutMessage | undefined): void
  /** Refused without a record: above the bound or for load. */
  refusalUnrecorded(): void
  /** The bus did not take it. */
  refusalRecordFailed(record: AboutMessage, error: unknown): void
  answered(method: string, status: number): void
  consumed(): void
  joined(): void
  /** What was said of a text, by the checker or by default. */
  contentChecked(verdict: 'deliver' | 'refuse', by: 'checker' | 'default'): void
  /** Tells of no message: nobody may learn from a log which ones are copied. */
  tapFailed(error: unknown): void
  finalSent(
    message: AboutMessage,
    status: number,
    cause: string,
    outcome: RespondOutcome,
    durationMs: number,
  ): void
  strayFinal(): void
  guardFired(message: AboutMessage): void
  publishFailed(message: AboutMessage, error: unknown): void
  unknownPeer(source: SipSource): void
  malformed(error: SipParseError, source: SipSource): void
  handlerFault(error: unknown, message?: AboutMessage): void
  sipEvent(name: SipEventName): void
}

const CLASSES = ['2xx', '4xx', '5xx', 'other'] as const
const METHODS = ['MESSAGE', 'OPTIONS', 'REGISTER', 'other'] as const

export function createIngressReport(registry: Registry, logger: Logger): IngressReport {
  const requests = counter(
    registry,
    'ipsmgw_sip_requests_total',
    'SIP requests answered, by method and class',
    {
      method: METHODS,
      class: CLASSES,
    },
  )
  const refusals = counter(
    registry,
    'ipsmgw_sip_refusals_total',
    'Requests refused before anything went on the bus, by reason',
    { why: [] as string[] },
  )
  const finals = histogram(
    registry,
    'ipsmgw_sip_transaction_seconds',
    'MESSAGE in to final out, by class of the final',
    { class: CLASSES },
    NETWORK_BUCKETS_SECONDS,
  )
  const facts = counter(registry, 'ipsmgw_sip_facts_total', 'Things worth counting at the SIP side', {
    fact: [
      'joined',
      'notificationConsumed',
      'strayFinal',
      'guardFired',
      'publishFailed',
      'unknownPeer',
      'lateFinal',
      'refusalUnrecorded',
      'notificationRepeated',
      'notificationRetried',
    ],
  })
  const checks = counter(
    registry,
    'ipsmgw_sip_content_checks_total',
    'Texts that the content check was asked about, by verdict and by who gave it',
    { verdict: ['deliver', 'refuse'] as const, by: ['checker', 'default'] as const },
  )
  const notifications = counter(
    registry,
    'ipsmgw_sip_notifications_total',
    'Notifications to senders that ended, by what they say and how they ended',
    { kind: NOTIFICATIONS, outcome: NOTIFICATION_OUTCOMES },
  )
  const sessions = counter(
    registry,
    'ipsmgw_sip_sessions_total',
    'Sessions of large-message mode that ended, by how',
    { end: SESSION_ENDS },
  )
  const events = counter(registry, 'ipsmgw_sip_layer_events_total', 'Events of transactions and transports', {
    event: [] as string[],
  })
  const parseErrors = counter(registry, 'ipsmgw_sip_parse_errors_total', 'Malformed SIP, by kind', {
    code: [] as string[],
  })
  const warn = rateLimited((fields, sentence) => logger.warn(fields, sentence))
  const answered = (method: string, status: number) =>
    requests.inc({ method: METHODS.find((m) => m === method) ?? 'other', class: classOf(status) })
  return {
    accepted(record) {
      logger.debug({ ...messageFields(record), peer: record.sip.peer }, 'message accepted')
    },
    refused(method, status, why, message) {
      answered(method, status)
      refusals.inc({ why })
      logger.debug({ ...(message && messageFields(message)), method, status, why }, 'request refused')
    },
    refusalUnrecorded: () => facts.inc({ fact: 'refusalUnrecorded' }),
    refusalRecordFailed(record, error) {
      facts.inc({ fact: 'refusalUnrecorded' })
      warn(
        { ...messageFields(record), err: error },
        'record of a refused message could not be put on the bus',
      )
    },
    answered,
    consumed() {
      answered('MESSAGE', 200)
      facts.inc({ fact: 'notificationConsumed' })
    },
    joined: () => facts.inc({ fact: 'joined' }),
    contentChecked: (verdict, by) => checks.inc({ verdict, by }),
    tapFailed: (error) => warn({ err: error }, 'record could not be put on the bus'),
    finalSent(message, status, cause, outcome, durationMs) {
      answered('MESSAGE', status)
      finals.observe({ class: classOf(status) }, durationMs / 1000)
      if (outcome !== 'sent') facts.inc({ fact: 'lateFinal' })
      logger.debug({ ...messageFields(message), status, cause, outcome, durationMs }, 'final answer sent')
    },
    strayFinal: () => facts.inc({ fact: 'strayFinal' }),
    guardFired(message) {
      facts.inc({ fact: 'guardFired' })
      warn(messageFields(message), 'no final from correlation in time, answered 202')
    },
    publishFailed(message, error) {
      facts.inc({ fact: 'publishFailed' })
      warn({ ...messageFields(message), err: error }, 'message could not be put on the bus')
    },
    unknownPeer(source) {
      facts.inc({ fact: 'unknownPeer' })
      warn(
        { address: source.address, transport: source.transport },
        'request from an address of no configured peer',
      )
    },
    malformed(error, source) {
      parseErrors.inc({ code: error.code })
      warn({ code: error.code, what: error.what, address: source.address }, 'malformed SIP')
    },
    notified(notification, outcome, status) {
      const { kind } = notification
      notifications.inc({ kind, outcome })
      const fields = { ...messageFields(notification), kind, outcome, status }
      if (outcome === 'sent' || outcome === 'unrouted') logger.debug(fields, 'notification ended')
      else warn(fields, 'notification did not reach its sender')
    },
    sessionEnded: (end) => sessions.inc({ end }),
    notificationRepeated: () => facts.inc({ fact: 'notificationRepeated' }),
    notificationRetried: () => facts.inc({ fact: 'notificationRetried' }),
    handlerFault: (error, message) =>
      logger.error({ ...(message && messageFields(message)), err: error }, 'request handler failed'),
    sipEvent: (event) => events.inc({ event }),
  }
}

/** What is under way, read when somebody looks. */
export function createIngressGauges(
  registry: Registry,
  ingress: { readonly inFlight: number; oldestMs(): number | undefined },
  admission: { readonly loss: number; readonly congestion: number },
): void {
  gauge(
    registry,
    'ipsmgw_sip_open_messages',
    'Messages whose sender waits for the final',
    () => ingress.inFlight,
  )
  gauge(registry, 'ipsmgw_sip_oldest_open_seconds', 'Age of the oldest of them; 0 without any', () => {
    const since = ingress.oldestMs()
    return since === undefined ? 0 : (Date.now() - since) / 1000
  })
  gauge(
    registry,
    'ipsmgw_sip_refused_share',
    'Part of new messages that is refused for load, 0 to 1',
    () => admission.loss,
  )
  gauge(
    registry,
    'ipsmgw_sip_congested_share',
    'Part of the last finals that HSSs or serving nodes refused for load, 0 to 1',
    () => admission.congestion,
  )
}

function classOf(status: number): (typeof CLASSES)[number] {
  const name = `${Math.floor(status / 100)}xx`
  return CLASSES.find((c) => c === name) ?? 'other'
}
