import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { type RawPeer, type RawResponse, rawTcp, rawUdp } from '../support/raw-sip.ts'
import { CPM_AS, GatewayInLab, SCSCF } from './gateway.ts'
import { type Lines, request } from './raw-request.ts'

let numbers = 447_900_695_000

/** One copy of a request: over which way, when, and what differs from the first. */
interface Copy {
  readonly over: 'udp' | 'tcp' | 'another peer' | 'a new connection'
  /** While the first is under way, or when it has its final. */
  readonly when: 'under way' | 'afterwards'
  readonly lines?: (first: Required<Pick<Lines, 'Via' | 'Call-ID'>>) => Lines
  readonly status: number | 'silence'
}

interface Row {
  readonly what: string
  readonly first?: 'udp' | 'tcp'
  /** The connection of the first is gone when the copy comes. */
  readonly isLost?: boolean
  /** Via of the first. */
  readonly via?: string
  readonly copy: Copy
  /** What comes to the first one's sender. */
  readonly status?: number
  readonly messages?: number
  readonly phone?: 'absent'
}

const otherBranch = ({ Via }: { Via: string }): Lines => ({
  Via: Via.replace('branch=z9hG4bK', 'branch=z9hG4bKx'),
})
const noBranch = `SIP/2.0/UDP ${SCSCF};rport`
const cookieOnly = `SIP/2.0/UDP ${SCSCF};branch=z9hG4bK;rport`

/** docs/protocols/sip.md "Retransmission, merge, failover copy", row by row, in both states of the first request. */
const ROWS: readonly Row[] = [
  { what: 'retransmission in Trying', copy: { over: 'udp', when: 'under way', status: 'silence' } },
  { what: 'retransmission in Completed', copy: { over: 'udp', when: 'afterwards', status: 200 } },
  {
    what: 'retransmission of a request that failed',
    phone: 'absent',
    status: 480,
    messages: 0,
    copy: { over: 'udp', when: 'afterwards', status: 480 },
  },
  {
    what: 'the same branch from another sent-by is another branch',
    copy: {
      over: 'udp',
      when: 'under way',
      lines: ({ Via }) => ({ Via: Via.replace(SCSCF, 'scscf2.example') }),
      status: 482,
    },
  },
  {
    what: 'merged request, both over live ways of one peer',
    copy: { over: 'udp', when: 'under way', lines: otherBranch, status: 482 },
  },
  {
    what: 'merged request over the same live connection',
    first: 'tcp',
    copy: { over: 'tcp', when: 'under way', lines: otherBranch, status: 482 },
  },
  {
    what: 'merged request when the first has its final: the result again',
    copy: { over: 'udp', when: 'afterwards', lines: otherBranch, status: 200 },
  },
  {
    what: 'failover copy by another peer',
    copy: { over: 'another peer', when: 'under way', lines: otherBranch, status: 200 },
  },
  {
    what: 'failover copy, the first connection is gone',
    first: 'tcp',
    isLost: true,
    copy: { over: 'a new connection', when: 'under way', lines: otherBranch, status: 200 },
  },
  {
    what: 'sent again by the application with a Call-ID of its own: a message of its own',
    messages: 2,
    copy: {
      over: 'udp',
      when: 'afterwards',
      lines: (first) => ({ ...otherBranch(first), 'Call-ID': `again-${first['Call-ID']}` }),
      status: 200,
    },
  },
  {
    what: 'sent again by the application after a failure: runs anew',
    phone: 'absent',
    status: 480,
    messages: 0,
    copy: {
      over: 'udp',
      when: 'afterwards',
      lines: (first) => ({ ...otherBranch(first), 'Call-ID': `again-${first['Call-ID']}` }),
      status: 480,
    },
  },
  ...[noBranch, cookieOnly].flatMap((via): Row[] => [
    {
      what: `${via === noBranch ? 'branch missing' : 'only the magic cookie'}: a copy is one`,
      via,
      copy: { over: 'udp', when: 'afterwards', status: 200 },
    },
    {
      what: `${via === noBranch ? 'branch missing' : 'only the magic cookie'}: two requests are two`,
      via,
      messages: 2,
      copy: {
        over: 'udp',
        when: 'under way',
        lines: (first) => ({ 'Call-ID': `other-${first['Call-ID']}` }),
        status: 200,
      },
    },
  ]),
]

describe('retransmission, merge, failover copy (docs/protocols/sip.md, table 3.6)', () => {
  let gateway: GatewayInLab
  before(async () => {
    gateway = await GatewayInLab.start()
  })
  after(() => gateway.stop())

  const over = (way: Copy['over']) => (way === 'udp' || way === 'another peer' ? 'UDP' : 'TCP')

  for (const { what, first = 'udp', isLost = false, via, copy, status = 200, messages = 1, phone } of ROWS)
    test(`3.6 row ${what}: ${copy.status}, ${messages} SMS`, async (t) => {
      const number = String(++numbers)
      gateway.set(number, { behaviour: phone ?? 'reachable', delayMs: 250 })
      const one = await (first === 'udp' ? rawUdp : rawTcp)(SCSCF, gateway.sip)
      const finals = new Finals(one)
      const peers = [one]
      t.after(() => peers.forEach((peer) => void peer.close()))
      const lines = {
        start: `MESSAGE tel:+${number} SIP/2.0`,
        From: '<tel:+447700900111>;tag=copies',
        'Call-ID': number,
        Via: via ?? `SIP/2.0/${over(first)} ${SCSCF};branch=z9hG4bK${number};rport`,
      }
      one.send(request(lines))
      await eventually(() => gateway.lab.nodesLog.entries(number).length === 1, 'it is under way')
      if (copy.when === 'afterwards') assert.equal(await finals.of(number), status)
      if (isLost) one.close()
      const other =
        copy.over === 'another peer'
          ? await rawUdp(CPM_AS, gateway.sip)
          : copy.over === 'a new connection'
            ? await rawTcp(SCSCF, gateway.sip)
            : one
      if (other !== one) peers.push(other)
      const changed = { ...lines, ...copy.lines?.(lines) }
      other.send(request(changed))
      if (copy.status === 'silence') assert.equal(await other.next(120), undefined)
      else
        assert.equal(await (other === one ? finals : new Finals(other)).of(changed['Call-ID']), copy.status)
      if (copy.when === 'under way' && !isLost) assert.equal(await finals.of(number), status)
      assert.equal(gateway.lab.phones.messagesOf(number).length, messages)
    })
})

/** The finals that come to a peer, each told to who asks for its Call-ID. */
class Finals {
  readonly #peer: RawPeer
  readonly #aside: RawResponse[] = []

  constructor(peer: RawPeer) {
    this.#peer = peer
  }

  async of(callId: string): Promise<number | undefined> {
    for (;;) {
      const known = this.#aside.findIndex((answer) => answer.header('call-id') === callId)
      if (known !== -1) return this.#aside.splice(known, 1)[0]?.status
      const answer = await this.#peer.next()
      if (answer === undefined) return undefined
      if (answer.status >= 200) this.#aside.push(answer)
    }
  }
}
