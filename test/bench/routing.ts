/**
 * Routing lookups: SRR out and SRA in through one peer over TCP, both sides with this library. The peer has a process
 * of its own, so that what is measured is one core of the asking side; its time is CPU time, not the clock's.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Application, DiameterNode, isSuccess } from '@ipsmgw/diameter'
import { report } from './measure.ts'

const REALM = 'epc.example'
const HSS = 'hss.epc.example'
const OUTSTANDING = [1, 10, 100, 1_000, 10_000] as const
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 500) * 4

if (process.send !== undefined) await beHss(process.send.bind(process))
else await measure()

async function beHss(tell: (port: number) => void): Promise<void> {
  const node = new DiameterNode({
    originHost: HSS,
    originRealm: REALM,
    applications: [Application.S6C],
    listeners: [{ host: '127.0.0.1', port: 0 }],
    unknownPeers: 'accept',
  })
  node.handle('SRR', () => ({
    'Result-Code': 2001,
    'User-Name': '001010000000001',
    'Serving-Node': { 'MME-Name': 'mme.example', 'MME-Realm': REALM, 'MME-Number-for-MT-SMS': '15550009100' },
  }))
  await node.start()
  tell(node.addresses()[0]?.port ?? 0)
  process.on('disconnect', () => process.exit())
}

interface Round {
  readonly outstanding: number
  /** Lookups in a second of this process's CPU time. */
  readonly perCoreSecond: number
  readonly microsecondsEach: number
}

async function measure(): Promise<void> {
  const hss = fork(fileURLToPath(import.meta.url), { stdio: 'inherit' })
  const [port] = (await once(hss, 'message')) as [number]
  const up = Promise.withResolvers<void>()
  const node = new DiameterNode(
    {
      originHost: 'gw.ims.example',
      originRealm: 'ims.example',
      applications: [Application.S6C],
      peers: [{ identity: HSS, host: '127.0.0.1', port, realms: [REALM] }],
    },
    { onEvent: ({ kind }) => kind === 'peerUp' && up.resolve() },
  )
  await node.start()
  await up.promise
  await round(node, 1_000)
  const rounds: Round[] = []
  for (const outstanding of OUTSTANDING) rounds.push(await round(node, outstanding))
  await node.stop()
  hss.disconnect()
  tell(rounds)
}

/** Keeps so many lookups outstanding for a while. */
async function round(node: DiameterNode, outstanding: number): Promise<Round> {
  let count = 0
  const untilMs = performance.now() + ROUND_MS
  const before = process.cpuUsage()
  const worker = async () => {
    while (performance.now() < untilMs) {
      const outcome = await node.send(
        'SRR',
        { 'Destination-Realm': REALM, MSISDN: '15550001042', 'SC-Address': '15550009000', 'SRR-Flags': 7 },
        { timeoutMs: 60_000, failover: true },
      )
      if (outcome.kind !== 'answer' || !isSuccess(outcome.result)) throw new Error('a lookup failed')
      count++
    }
  }
  await Promise.all(Array.from({ length: outstanding }, worker))
  const { user, system } = process.cpuUsage(before)
  const microseconds = user + system
  return { outstanding, perCoreSecond: (count / microseconds) * 1e6, microsecondsEach: microseconds / count }
}

function tell(rounds: readonly Round[]): void {
  // One at a time pays a whole turn of the event loop for each; a gateway under load never is in that state.
  const one = rounds.find(({ outstanding }) => outstanding === 10) as Round
  const most = rounds.at(-1) as Round
  report('Routing lookups (S6c) through one peer', [
    ...rounds.map(({ outstanding, perCoreSecond }) => ({
      what: 'lookups a second of one core',
      input: `${outstanding} outstanding`,
      value: perCoreSecond,
      unit: '/s',
      ...(outstanding > 1 && { target: { atLeast: 5_000 } }),
    })),
    {
      what: 'CPU time of a lookup, 10,000 outstanding',
      input: 'against 10 outstanding',
      value: most.microsecondsEach,
      unit: 'µs',
      baseline: { name: '10 outstanding', value: one.microsecondsEach },
      target: { ratioAtMost: 1.2 },
    },
  ])
}
