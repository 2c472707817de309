/** One alert: series that make it fire, and series under which it stays quiet. Written in promtool's notation. */
export interface AlertCase {
  readonly alert: string
  /** Minutes after the start at which it must fire. */
  readonly atMinutes: number
  readonly firing: readonly (readonly [series: string, values: string])[]
  readonly quiet: readonly (readonly [series: string, values: string])[]
}

const job = 'job="ipsmgw",instance="a"'
const counter = (name: string, labels: string, perMinute: number, minutes = 60) =>
  [`${name}{${job},${labels}}`, `0+${perMinute}x${minutes}`] as const
const constant = (name: string, labels: string, value: number, minutes = 60) =>
  [`${name}{${job},${labels}}`, `${value}+0x${minutes}`] as const

const services = ['sip-ingress', 'im-to-sms', 'hss-routing', 'sm-delivery', 'correlation']
const builds = (names: readonly string[], version = '1') =>
  names.map((name) => constant('ipsmgw_build_info', `service="${name}",version="${version}"`, 1))

const answers = (ok: number, errors: number, minutes: number) => [
  counter('ipsmgw_sip_requests_total', 'method="MESSAGE",class="2xx"', ok, minutes),
  counter('ipsmgw_sip_requests_total', 'method="MESSAGE",class="5xx"', errors, minutes),
  counter('ipsmgw_sip_facts_total', 'fact="guardFired"', 0, minutes),
]

/** A histogram in which `share` of 100 a minute take longer than `edge`. */
const slow = (name: string, labels: string, edge: string, above: string, perMinuteAbove: number) => [
  counter(`${name}_bucket`, `${labels},le="${edge}"`, 100 - perMinuteAbove),
  counter(`${name}_bucket`, `${labels},le="${above}"`, 100),
  counter(`${name}_bucket`, `${labels},le="+Inf"`, 100),
]

const forwards = (unknown: number) => [
  counter('ipsmgw_forward_seconds_count', 'node="mme",result="unknown"', unknown),
  counter('ipsmgw_forward_seconds_count', 'node="mme",result="delivered"', 100 - unknown),
]

const outcomes = (unknown: number) => [
  counter('ipsmgw_messages_total', 'outcome="unknown"', unknown),
  counter('ipsmgw_messages_total', 'outcome="delivered"', 1_000 - unknown),
]

const peer = (a: number, b: number) => [
  constant('ipsmgw_diameter_peer_up', 'service="sm-delivery",peer="dra-a"', a),
  constant('ipsmgw_diameter_peer_up', 'service="sm-delivery",peer="dra-b"', b),
]

const paths = (a: number, b: number) => [
  constant('ipsmgw_sigtran_path_active', 'service="sm-delivery",path="stp-a"', a),
  constant('ipsmgw_sigtran_path_active', 'service="sm-delivery",path="stp-b"', b),
]

const fact = (metric: string, name: string, perMinute: number) => [
  counter(metric, `fact="${name}"`, perMinute),
]

/** What each replica of a service has of its group. */
const partitions = (...each: readonly number[]) =>
  each.map(
    (count, index) =>
      [
        `ipsmgw_bus_partitions{job="ipsmgw",instance="${index}",service="im-to-sms",group="im-to-sms"}`,
        `${count}+0x60`,
      ] as const,
  )

const certificate = (seconds: number) => [
  constant(
    'ipsmgw_certificate_expiry_seconds',
    'service="sip-ingress",file="/etc/ipsmgw/sip-tls/tls.crt"',
    seconds,
  ),
]

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: 'IpsmgwErrorBudgetBurnsFast',
    atMinutes: 70,
    firing: answers(970, 30, 70),
    quiet: answers(9_995, 5, 70),
  },
  {
    alert: 'IpsmgwErrorBudgetBurnsSlowly',
    atMinutes: 1_500,
    firing: answers(996, 4, 1_500),
    quiet: answers(9_995, 5, 1_500),
  },
  { alert: 'IpsmgwServiceAbsent', atMinutes: 10, firing: builds(services.slice(1)), quiet: builds(services) },
  {
    alert: 'IpsmgwSenderWaitsTooLong',
    atMinutes: 10,
    firing: [constant('ipsmgw_sip_oldest_open_seconds', 'service="sip-ingress"', 40)],
    quiet: [constant('ipsmgw_sip_oldest_open_seconds', 'service="sip-ingress"', 30)],
  },
  {
    alert: 'IpsmgwNoDecision',
    atMinutes: 20,
    firing: fact('ipsmgw_sip_facts_total', 'guardFired', 3),
    quiet: fact('ipsmgw_sip_facts_total', 'guardFired', 0.5),
  },
  {
    alert: 'IpsmgwMessageUndecided',
    atMinutes: 10,
    firing: [constant('ipsmgw_oldest_open_message_seconds', 'service="correlation"', 200)],
    quiet: [constant('ipsmgw_oldest_open_message_seconds', 'service="correlation"', 100)],
  },
  { alert: 'IpsmgwOutcomeUnknown', atMinutes: 40, firing: outcomes(20), quiet: outcomes(5) },
  {
    alert: 'IpsmgwRefusesForLoad',
    atMinutes: 20,
    firing: [counter('ipsmgw_sip_refusals_total', 'why="inFlight"', 60)],
    quiet: [counter('ipsmgw_sip_refusals_total', 'why="draining"', 60)],
  },
  {
    alert: 'IpsmgwUnknownPeer',
    atMinutes: 30,
    firing: fact('ipsmgw_sip_facts_total', 'unknownPeer', 2),
    quiet: fact('ipsmgw_sip_facts_total', 'unknownPeer', 0.2),
  },
  {
    alert: 'IpsmgwMalformedSip',
    atMinutes: 40,
    firing: [counter('ipsmgw_sip_parse_errors_total', 'code="syntax"', 120)],
    quiet: [counter('ipsmgw_sip_parse_errors_total', 'code="syntax"', 30)],
  },
  {
    alert: 'IpsmgwRecordsOld',
    atMinutes: 20,
    firing: slow('ipsmgw_bus_lag_seconds', 'topic="sm.routed"', '4', '8', 50),
    quiet: slow('ipsmgw_bus_lag_seconds', 'topic="sm.routed"', '4', '8', 0),
  },
  {
    alert: 'IpsmgwPublishSlow',
    atMinutes: 20,
    firing: slow('ipsmgw_bus_publish_seconds', 'service="correlation"', '1', '2.5', 50),
    quiet: slow('ipsmgw_bus_publish_seconds', 'service="correlation"', '1', '2.5', 0),
  },
  {
    alert: 'IpsmgwPublishFails',
    atMinutes: 20,
    firing: fact('ipsmgw_correlation_facts_total', 'publishFailed', 1),
    quiet: fact('ipsmgw_correlation_facts_total', 'publishFailed', 0),
  },
  {
    alert: 'IpsmgwRebalances',
    atMinutes: 30,
    firing: [counter('ipsmgw_bus_rebalances_total', 'service="sm-delivery"', 2)],
    quiet: [counter('ipsmgw_bus_rebalances_total', 'service="sm-delivery"', 0.2)],
  },
  {
    alert: 'IpsmgwHandlerFails',
    atMinutes: 20,
    firing: [counter('ipsmgw_bus_handler_failures_total', 'topic="sm.routed"', 1)],
    quiet: [counter('ipsmgw_bus_handler_failures_total', 'topic="sm.routed"', 0)],
  },
  {
    alert: 'IpsmgwUnreadableRecords',
    atMinutes: 20,
    firing: [counter('ipsmgw_bus_unreadable_total', 'topic="sm.routed"', 1)],
    quiet: [counter('ipsmgw_bus_unreadable_total', 'topic="sm.routed"', 0)],
  },
  {
    alert: 'IpsmgwDeadLettersLost',
    atMinutes: 20,
    firing: [counter('ipsmgw_bus_dead_letters_total', 'result="lost"', 1)],
    quiet: [counter('ipsmgw_bus_dead_letters_total', 'result="written"', 1)],
  },
  {
    alert: 'IpsmgwNoPartitions',
    atMinutes: 10,
    firing: partitions(0, 0),
    quiet: partitions(24, 0),
  },
  {
    alert: 'IpsmgwPartitionCap',
    atMinutes: 30,
    firing: partitions(1, 1, 0),
    quiet: partitions(8, 8, 8),
  },
  {
    alert: 'IpsmgwClockSkew',
    atMinutes: 20,
    firing: [constant('ipsmgw_bus_clock_ahead_seconds', 'service="correlation"', 1.2)],
    quiet: [constant('ipsmgw_bus_clock_ahead_seconds', 'service="correlation"', 0.2)],
  },
  {
    alert: 'IpsmgwCertificateExpires',
    atMinutes: 30,
    firing: certificate(13 * 86_400),
    quiet: certificate(15 * 86_400),
  },
  { alert: 'IpsmgwDiameterAllPeersDown', atMinutes: 10, firing: peer(0, 0), quiet: peer(0, 1) },
  { alert: 'IpsmgwDiameterPeerDown', atMinutes: 10, firing: peer(0, 1), quiet: peer(1, 1) },
  {
    alert: 'IpsmgwDiameterPeerFlaps',
    atMinutes: 30,
    firing: [counter('ipsmgw_diameter_events_total', 'kind="peerDown"', 1)],
    quiet: [counter('ipsmgw_diameter_events_total', 'kind="peerUp"', 1)],
  },
  { alert: 'IpsmgwSigtranAllPathsDown', atMinutes: 10, firing: paths(0, 0), quiet: paths(0, 1) },
  { alert: 'IpsmgwSigtranPathDown', atMinutes: 10, firing: paths(0, 1), quiet: paths(1, 1) },
  { alert: 'IpsmgwForwardsUnanswered', atMinutes: 40, firing: forwards(10), quiet: forwards(2) },
  {
    alert: 'IpsmgwEventLoopSlow',
    atMinutes: 20,
    firing: [constant('nodejs_eventloop_lag_p99_seconds', 'service="records"', 0.5)],
    quiet: [constant('nodejs_eventloop_lag_p99_seconds', 'service="records"', 0.1)],
  },
  {
    alert: 'IpsmgwRestarts',
    atMinutes: 31,
    firing: [[`process_start_time_seconds{${job},service="records"}`, '0x9 1x9 2x9 3x9']],
    quiet: [[`process_start_time_seconds{${job},service="records"}`, '0x19 1x19']],
  },
  {
    alert: 'IpsmgwVersionsMixed',
    atMinutes: 150,
    firing: [...builds(['records'], '1'), ...builds(['sip-ingress'], '2')].map(([series]) => [
      series,
      '1+0x150',
    ]),
    quiet: builds(['records', 'sip-ingress'], '1').map(([series]) => [series, '1+0x150']),
  },
]
