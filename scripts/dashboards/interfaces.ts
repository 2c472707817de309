import { type Dashboard, heat, quantile, rate } from './grafana.ts'

export const sip: Dashboard = {
  name: 'sip',
  title: 'SIP',
  description: 'The ISC side: requests, answers, refusals, malformed messages, transport',
  rows: [
    {
      title: 'Requests',
      panels: [
        {
          title: 'Answers by method and class',
          description: 'SIP requests answered per second',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_requests_total', 'method, class'), '{{method}} {{class}}']],
        },
        {
          title: 'Refusals',
          description: 'Requests refused before anything went on the bus, per second, by reason',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_refusals_total', 'why'), '{{why}}']],
        },
        {
          title: 'MESSAGE in to final out',
          description: 'How long senders wait',
          unit: 's',
          kind: 'heatmap',
          queries: [[heat('ipsmgw_sip_transaction_seconds'), '{{le}}']],
        },
        {
          title: 'MESSAGE in to final out, quantiles',
          description: 'By class of the final; 25 s is when an answer leaves at the latest',
          unit: 's',
          threshold: 26,
          queries: [
            [quantile(0.5, 'ipsmgw_sip_transaction_seconds', 'class'), 'p50 {{class}}'],
            [quantile(0.99, 'ipsmgw_sip_transaction_seconds', 'class'), 'p99 {{class}}'],
          ],
        },
      ],
    },
    {
      title: 'What is odd',
      panels: [
        {
          title: 'Facts',
          description:
            'Guard fired: correlation did not answer in time. Unknown peer: an address that nobody configured. Late final: the sender was gone',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_facts_total', 'fact'), '{{fact}}']],
        },
        {
          title: 'Notifications to senders',
          description:
            'IMDN by how they ended. Unreachable ones are dead letters; unrouted: the peer has no notificationRoute',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_notifications_total', 'kind, outcome'), '{{kind}} {{outcome}}']],
        },
        {
          title: 'Sessions of large messages',
          description:
            'How sessions that INVITE opened ended, per second. Expired: no whole message came in time',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_sessions_total', 'end'), '{{end}}']],
        },
        {
          title: 'Malformed SIP',
          description: 'Messages that could not be read, per second, by kind',
          unit: 'reqps',
          threshold: 1,
          queries: [[rate('ipsmgw_sip_parse_errors_total', 'code'), '{{code}}']],
        },
        {
          title: 'Transactions and transports',
          description:
            'Events of the layers below, per second. Retransmissions rise when the core does not see the 100',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_layer_events_total', 'event'), '{{event}}']],
        },
        {
          title: 'Open by instance',
          description: 'Messages whose sender waits, per pod: an uneven picture means a pinned flow',
          unit: 'short',
          queries: [['sum by (instance) (ipsmgw_sip_open_messages{$m})', '{{instance}}']],
        },
        {
          title: 'Refused for load',
          description: 'Part of new messages that gets 503, per pod',
          unit: 'percentunit',
          queries: [['max by (instance) (ipsmgw_sip_refused_share{$m})', '{{instance}}']],
        },
        {
          title: 'Refused for load by the networks behind',
          description:
            'Part of the last finals, per pod; neighbours that know RFC 7339 are told to send less',
          unit: 'percentunit',
          queries: [['max by (instance) (ipsmgw_sip_congested_share{$m})', '{{instance}}']],
        },
        {
          title: 'Content checks',
          description: 'Texts asked about, per second, by verdict; "default": no verdict in time',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sip_content_checks_total', 'verdict, by'), '{{verdict}} {{by}}']],
        },
      ],
    },
  ],
}

export const network: Dashboard = {
  name: 'network',
  title: 'Diameter and serving nodes',
  description: 'Forwards to serving nodes, peers and what they answer',
  rows: [
    {
      title: 'Forwards',
      panels: [
        {
          title: 'Results',
          description: 'SMS parts per second to serving nodes, by kind of node and result',
          unit: 'reqps',
          queries: [[rate('ipsmgw_forward_seconds_count', 'node, result'), '{{node}} {{result}}']],
        },
        {
          title: 'Why not delivered',
          description: 'Parts that were not delivered, per second, by cause',
          unit: 'reqps',
          queries: [[rate('ipsmgw_forward_failures_total', 'cause'), '{{cause}}']],
        },
        {
          title: 'Forward to answer',
          description: 'How long serving nodes and phones take',
          unit: 's',
          kind: 'heatmap',
          queries: [[heat('ipsmgw_forward_seconds'), '{{le}}']],
        },
        {
          title: 'Forward to answer, quantiles',
          description: 'By kind of node, parts delivered only',
          unit: 's',
          queries: [
            [quantile(0.5, 'ipsmgw_forward_seconds', 'node', ',result="delivered"'), 'p50 {{node}}'],
            [quantile(0.99, 'ipsmgw_forward_seconds', 'node', ',result="delivered"'), 'p99 {{node}}'],
          ],
        },
      ],
    },
    {
      title: 'Bulkheads',
      panels: [
        {
          title: 'Held back',
          description:
            'Parts per second that were not forwarded because their node had too many under way, or an open breaker',
          unit: 'reqps',
          queries: [['sum(rate(ipsmgw_forward_held_total{$m}[$__rate_interval]))', 'held back']],
        },
        {
          title: 'Breakers open',
          description:
            'Serving nodes that get a trial now and then instead of all traffic, because they did not answer',
          unit: 'short',
          queries: [['sum by (instance) (ipsmgw_forward_breakers_open{$m})', '{{instance}}']],
        },
      ],
    },
    {
      title: 'Questions to the HSS',
      panels: [
        {
          title: 'Question to answer, p99',
          description: 'By question and result. 1.5 s is the limit of one attempt, 4 s of all',
          unit: 's',
          threshold: 4,
          queries: [
            [quantile(0.99, 'ipsmgw_routing_query_seconds', 'query, result'), '{{query}} {{result}}'],
          ],
        },
        {
          title: 'Refused or unanswered',
          description: 'Questions per second that gave no route, by question and cause',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_failures_total', 'query, cause'), '{{query}} {{cause}}']],
        },
        {
          title: 'Outcomes told to the HSS or HLR',
          description: 'Per second, by protocol and result; again and given-up were not taken',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_reports_total', 'protocol, result'), '{{protocol}} {{result}}']],
        },
        {
          title: 'Alerts that a phone is back',
          description: 'From HSS, HLR and serving nodes per second, by protocol and what was made of them',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_alerts_total', 'protocol, verdict'), '{{protocol}} {{verdict}}']],
        },
      ],
    },
    {
      title: 'Users over Sh',
      panels: [
        {
          title: 'Questions about users',
          description: 'Per second, by how they were answered: from memory, with another one, or by the HSS',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_user_lookups_total', 'result'), '{{result}}']],
        },
        {
          title: 'Users kept',
          description: 'Answers of the HSS in memory, per pod',
          unit: 'short',
          queries: [['sum by (instance) (ipsmgw_routing_users_kept{$m})', '{{instance}}']],
        },
        {
          title: 'Senders without a number',
          description:
            'Asked about over Sh, per second, by what the HSS told; but for number the policy has the word on what the phone sees',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_senders_total', 'answer'), '{{answer}}']],
        },
        {
          title: 'Users kept no longer',
          description: 'Per second, by reason. Evicted: routing.sh.cacheEntries is too small for the traffic',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_users_dropped_total', 'reason'), '{{reason}}']],
        },
        {
          title: 'Subscriptions',
          description:
            'To changes of users, per second. Not allowed: the HSS does not notify this identity, answers hold for their own time',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_user_subscriptions_total', 'result'), '{{result}}']],
        },
        {
          title: 'Changes told',
          description: 'Pushes of the HSS per second. Nobody: answered 5107, which ends the subscription',
          unit: 'reqps',
          queries: [[rate('ipsmgw_routing_user_pushes_total', 'verdict'), '{{verdict}}']],
        },
      ],
    },
    {
      title: 'Diameter peers',
      panels: [
        {
          title: 'Peers up',
          description:
            'Connections that are open, per peer; below the number of pods one of them is without it',
          unit: 'short',
          queries: [['sum by (peer) (ipsmgw_diameter_peer_up{$m})', '{{peer}}']],
        },
        {
          title: 'Requests without an answer',
          description: 'Per peer, all pods together; a line that only rises is a silent peer',
          unit: 'short',
          queries: [['sum by (peer) (ipsmgw_diameter_pending{$m})', '{{peer}}']],
        },
        {
          title: 'Events',
          description: 'What happens at peers, per second, by kind',
          unit: 'reqps',
          queries: [[rate('ipsmgw_diameter_events_total', 'kind'), '{{kind}}']],
        },
        {
          title: 'Overload reports',
          description:
            'Largest part of requests that an HSS or serving node asks to be spared, by application',
          unit: 'percent',
          queries: [['max by (application) (ipsmgw_diameter_reduction_percent{$m})', '{{application}}']],
        },
      ],
    },
  ],
}

export const sigtran: Dashboard = {
  name: 'sigtran',
  title: 'SIGTRAN and MAP',
  description:
    'Associations to signal transfer points, SCCP, TCAP dialogues; empty where no MSC is reached by MAP',
  rows: [
    {
      title: 'Associations',
      panels: [
        {
          title: 'Paths active',
          description:
            'Associations that may carry traffic, per path; below the number of pods one of them is without it',
          unit: 'short',
          queries: [['sum by (path) (ipsmgw_sigtran_path_active{$m})', '{{path}}']],
        },
        {
          title: 'Events at associations',
          description: 'Per second, by kind',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sigtran_link_events_total', 'kind'), '{{kind}}']],
        },
      ],
    },
    {
      title: 'SCCP and TCAP',
      panels: [
        {
          title: 'Open dialogues',
          description:
            'TCAP dialogues without an end, per instance; a line that only rises is a network that does not answer',
          unit: 'short',
          queries: [['sum by (instance) (ipsmgw_tcap_dialogues{$m})', '{{instance}}']],
        },
        {
          title: 'Events of the TCAP',
          description: 'Per second, by kind',
          unit: 'reqps',
          queries: [[rate('ipsmgw_tcap_events_total', 'kind'), '{{kind}}']],
        },
        {
          title: 'Events of the SCCP',
          description: 'Per second, by kind: what could not be read, routed or delivered',
          unit: 'reqps',
          queries: [[rate('ipsmgw_sccp_events_total', 'kind'), '{{kind}}']],
        },
      ],
    },
  ],
}
