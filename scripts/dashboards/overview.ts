import { type Dashboard, heat, quantile, rate } from './grafana.ts'

export const overview: Dashboard = {
  name: 'overview',
  title: 'Overview',
  description:
    'Is the gateway doing its job: how many messages, what became of them, how long it took, what is stuck',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Messages decided',
          description: 'Messages per second that got their final outcome',
          unit: 'reqps',
          kind: 'stat',
          width: 6,
          queries: [['sum(rate(ipsmgw_messages_total{$m}[$__rate_interval]))', 'messages']],
        },
        {
          title: 'Delivered',
          description:
            'Share of decided messages that the phone acknowledged; absent phones and the like count against it',
          unit: 'percentunit',
          kind: 'stat',
          width: 6,
          queries: [
            [
              'sum(rate(ipsmgw_messages_total{$m,outcome="delivered"}[$__rate_interval])) / clamp_min(sum(rate(ipsmgw_messages_total{$m}[$__rate_interval])), 1e-9)',
              'delivered',
            ],
          ],
        },
        {
          title: 'Senders waiting',
          description: 'Messages whose SIP transaction is open',
          unit: 'short',
          kind: 'stat',
          width: 6,
          queries: [['sum(ipsmgw_sip_open_messages{$m})', 'waiting']],
        },
        {
          title: 'Oldest sender waiting',
          description: 'Age of the oldest open SIP transaction. Above 33 s its sender has given up',
          unit: 's',
          kind: 'stat',
          width: 6,
          threshold: 33,
          queries: [['max(ipsmgw_sip_oldest_open_seconds{$m})', 'oldest']],
        },
      ],
    },
    {
      title: 'Rate, errors, duration',
      panels: [
        {
          title: 'Outcomes',
          description:
            'Messages decided per second, by outcome. Unknown: forwarded, and nobody can say whether it arrived',
          unit: 'reqps',
          queries: [[rate('ipsmgw_messages_total', 'outcome'), '{{outcome}}']],
        },
        {
          title: 'Causes',
          description: 'Messages decided per second by cause, those delivered left out',
          unit: 'reqps',
          queries: [[rate('ipsmgw_message_causes_total', 'cause', ',cause!="delivered"'), '{{cause}}']],
        },
        {
          title: 'Arrival to decision',
          description: 'How long messages take, phones and paging included',
          unit: 's',
          kind: 'heatmap',
          queries: [[heat('ipsmgw_message_seconds'), '{{le}}']],
        },
        {
          title: 'Arrival to decision, quantiles',
          description: 'Half, and all but one in a hundred, of the messages were decided within this time',
          unit: 's',
          queries: [
            [quantile(0.5, 'ipsmgw_message_seconds', 'outcome'), 'p50 {{outcome}}'],
            [quantile(0.99, 'ipsmgw_message_seconds', 'outcome'), 'p99 {{outcome}}'],
          ],
        },
      ],
    },
    {
      title: 'Funnel',
      panels: [
        {
          title: 'The five steps',
          description:
            'Per second: requests in, converted to short messages, parts forwarded, messages decided, answered. Lines that part show where messages stay',
          unit: 'reqps',
          width: 24,
          queries: [
            [rate('ipsmgw_sip_requests_total', 'job', ',method="MESSAGE"'), '5 answered'],
            ['sum(rate(ipsmgw_conversion_messages_total{$m}[$__rate_interval]))', '1 converted'],
            ['sum(rate(ipsmgw_conversion_parts_total{$m}[$__rate_interval]))', '2 parts made'],
            ['sum(rate(ipsmgw_routing_query_seconds_count{$m}[$__rate_interval]))', 'questions to the HSS'],
            ['sum(rate(ipsmgw_forward_seconds_count{$m}[$__rate_interval]))', '3 parts forwarded'],
            ['sum(rate(ipsmgw_messages_total{$m}[$__rate_interval]))', '4 decided'],
          ],
        },
        {
          title: 'Conversion',
          description: 'Step 7 per second, by result: converted, anonymised, refused by policy',
          unit: 'reqps',
          queries: [[rate('ipsmgw_conversion_messages_total', 'result'), '{{result}}']],
        },
        {
          title: 'Undecided messages',
          description: 'Messages that correlation has not decided, and the age of the oldest',
          unit: 'short',
          queries: [
            ['sum(ipsmgw_open_messages{$m})', 'undecided'],
            ['max(ipsmgw_oldest_open_message_seconds{$m})', 'oldest, seconds'],
          ],
        },
        {
          title: 'Late results',
          description:
            'Results after the decision, per second: the record is amended, the sender was told something else',
          unit: 'reqps',
          queries: [[rate('ipsmgw_message_amendments_total', 'outcome'), '{{outcome}}']],
        },
        {
          title: 'Worth counting at correlation',
          description:
            'Joined: copies of a message. Orphan expired: reports whose message never came. Publish failed: the bus refused a decision',
          unit: 'reqps',
          queries: [[rate('ipsmgw_correlation_facts_total', 'fact'), '{{fact}}']],
        },
      ],
    },
  ],
}
