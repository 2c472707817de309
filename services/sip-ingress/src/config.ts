import { kafkaSchema } from '@ipsmgw/bus'
import { type ConfigProblem, problemsOf } from '@ipsmgw/config'
import { loadPolicy, policyFileSchema } from '@ipsmgw/policy'
import { httpSchema, keysSchema, loadKey, ordinalSchema } from '@ipsmgw/runtime'
import Type, { type Static } from 'typebox'
import { checkClocks } from './clocks.ts'
import { createMsrpEndpoint, largeMessageSchema } from './large-message-settings.ts'
import { listenerSchema, listenersOf, readTls, tlsSchema } from './listeners.ts'
import { notificationSchema } from './notifier.ts'
import { PeerTable, peerSchema } from './peers.ts'
import { readTargets } from './tap-targets.ts'

const closed = { additionalProperties: false } as const

/** The SIP side: listeners, clocks, peers, bounds. */
export const sipSchema = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address to bind, UDP and TCP' }),
    port: Type.Integer({ default: 5060, minimum: 0, maximum: 65_535, description: 'SIP port, UDP and TCP' }),
    listeners: Type.Array(listenerSchema, {
      default: [],
      maxItems: 32,
      description: 'sockets instead of UDP and TCP at host and port',
    }),
    tls: Type.Optional(tlsSchema),
    hostname: Type.String({ default: 'ipsmgw.invalid', description: 'own name in Warning headers' }),
    tryingDelayMs: Type.Integer({
      default: 200,
      minimum: 0,
      maximum: 3_500,
      description: '100 on TCP after this',
    }),
    timers: Type.Object(
      {
        t1Ms: Type.Integer({ default: 500, minimum: 10, maximum: 2_000, description: 'RFC 3261 T1' }),
        t2Ms: Type.Integer({ default: 4_000, minimum: 20, maximum: 16_000, description: 'RFC 3261 T2' }),
        t4Ms: Type.Integer({ default: 5_000, minimum: 20, maximum: 17_000, description: 'RFC 3261 T4' }),
      },
      { ...closed, default: {} },
    ),
    answerByMs: Type.Integer({
      default: 25_000,
      minimum: 1_000,
      maximum: 31_000,
      description: 'a final answer leaves at the latest this long after arrival',
    }),
    unknownPeers: Type.Enum(['refuse', 'drop'], {
      default: 'refuse',
      description: 'requests from addresses of no peer: 403, or silence',
    }),
    peers: Type.Array(peerSchema, { default: [], description: 'S-CSCFs and application servers' }),
    maximumInFlight: Type.Integer({
      default: 50_000,
      minimum: 1,
      description: 'messages without a final; then 503. The last tenth is for priority messages',
    }),
    maximumLagMs: Type.Integer({
      default: 3_000,
      minimum: 50,
      description: 'what messages may wait inside the gateway before some are refused with 503',
    }),
    priorityNamespaces: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      default: ['ets', 'wps', 'esnet'],
      description: 'Resource-Priority of trusted peers that survives load longer',
    }),
    replicas: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: 1_024,
      description: 'instances that share the load; each grants its share of the rates',
    }),
    rememberedSenders: Type.Integer({
      default: 200_000,
      minimum: 1_000,
      description: 'senders and domains whose rates are kept in memory',
    }),
    refusalRecordsPerSecond: Type.Integer({
      default: 100,
      minimum: 0,
      maximum: 10_000,
      description:
        'records of refused messages that this instance writes at the most; others are only counted',
    }),
    tapTargetFile: Type.String({
      default: '',
      description: 'list of interception targets (YAML), managed by others; empty: off',
    }),
    notifications: notificationSchema,
    largeMessageMode: largeMessageSchema,
  },
  { ...closed, default: {} },
)

/** Settings of this service besides those of every service (http, kafka). */
export const sipIngressSections = {
  ordinal: ordinalSchema,
  sip: sipSchema,
  keys: keysSchema,
  policy: policyFileSchema,
} as const

/** All settings of the process. */
export const sipIngressSchema = Type.Object(
  { http: httpSchema, kafka: kafkaSchema, ...sipIngressSections },
  { additionalProperties: false },
)

const sections = Type.Object(sipIngressSections)
export type SipIngressConfig = Static<typeof sections>

/** What is wrong beyond the schema: addresses, files, clocks. `delivery` is what a process that also delivers knows. */
export function checkSipIngress(
  config: SipIngressConfig,
  delivery: { readonly firstPartMs?: number } = {},
): ConfigProblem[] {
  const { sip } = config
  return [
    ...problemsOf('sip.peers', () => new PeerTable(sip.peers)),
    ...problemsOf('sip.listeners', () => listenersOf(sip)),
    ...problemsOf('sip.tapTargetFile', () => sip.tapTargetFile && readTargets(sip.tapTargetFile)),
    ...problemsOf('sip.largeMessageMode', () =>
      createMsrpEndpoint(sip.largeMessageMode, sip.tls && readTls(sip.tls)),
    ),
    ...problemsOf('keys.hashFile', () => loadKey(config.keys.hashFile)),
    ...checkPolicy(config, delivery.firstPartMs),
  ]
}

function checkPolicy(config: SipIngressConfig, firstPartMs: number | undefined): ConfigProblem[] {
  const problems = problemsOf('policy.file', () => checkProfiles(config))
  if (problems.length > 0) return problems
  return checkClocks(config.sip, loadPolicy(config.policy.file), firstPartMs)
}

/** A profile that is not there refuses every message of its peer: that is known at the start. */
function checkProfiles({ policy, sip }: SipIngressConfig): void {
  const { profiles } = loadPolicy(policy.file)
  for (const { name, profile } of sip.peers)
    if (profile !== undefined && !Object.hasOwn(profiles, profile))
      throw new Error(`the document has no profile "${profile}", which peer ${name} wants`)
}
