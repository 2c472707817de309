import { setTimeout as delay } from 'node:timers/promises'
import { dealFaults, type Fault } from './faults.ts'
import { Front, type Message, PATIENCE_MS, type Told } from './front.ts'
import { Installation } from './installation.ts'
import { type Account, judge } from './judge.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { Random } from './random.ts'
import type { Outcome } from './report.ts'
import type { Evidence, Happening } from './story.ts'
import { silentWindow } from './windows.ts'

export interface LoadOptions {
  readonly ratePerSecond: number
  readonly brokers: number
  readonly replicas: number
  /** The same seed gives the same phones, and the same faults in the same order. */
  readonly seed: number
  /** Services tell each step of each message, for its story. */
  readonly verbose: boolean
  /** Lines of replicas can be cut. */
  readonly wired: boolean
  told(sentence: string): void
}

export interface ChaosOptions extends LoadOptions {
  readonly durationMs: number
  readonly faults: readonly Fault[]
  /** Between two faults, on the average. */
  readonly faultEveryMs: number
  /** Ends it before its time; what was sent until then is judged. */
  readonly ending?: AbortSignal
}

const FIRST_NUMBER = 447700800000
/** One message to a phone in so long: it is done with the last one, however slow it is. */
const PHONE_EVERY_S = 15
/** Most phones answer soon, some take as long as paging takes. */
const PHONE_DELAYS_MS = [0, 50, 100, 200, 400, 1_000, 2_000, 4_000, 6_000]
/** Two by SGd, one by MAP. */
const PHONE_NODES = ['mme', 'mme', 'msc']
const WARM_UP_MS = 3_000
/** What is under way may still reach a phone after its sender was told that nothing is known. */
const SETTLE_MS = 15_000

/** Load, faults at random, and what came of each message. */
export function runChaos(options: ChaosOptions): Promise<Outcome> {
  return underLoad(options, async (installation, random, told) => {
    const until = performance.now() + options.durationMs - WARM_UP_MS
    for (const fault of dealFaults(random, options.faults)) {
      if (performance.now() >= until || options.ending?.aborted === true) break
      await fault.strike(installation, random, told)
      await delay(random.between(0, 2 * options.faultEveryMs))
    }
  })
}

/** Load for as long as `trouble` takes, and what came of each message. */
export async function underLoad(options: LoadOptions, trouble: Fault['strike']): Promise<Outcome> {
  const random = new Random(options.seed)
  const startedAtMs = Date.now()
  const happenings: Happening[] = []
  const told = (sentence: string) => {
    const atMs = Date.now()
    happenings.push({ atMs, sentence })
    options.told(`${((atMs - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${sentence}`)
  }
  const installation = await Installation.start({ ...options, told })
  try {
    const phones = Math.ceil(options.ratePerSecond * PHONE_EVERY_S)
    await setPhones(installation.lab.url, phones, random)
    const front = await Front.open(installation.ingresses)
    told(`load: ${options.ratePerSecond} messages a second`)
    const ending = new AbortController()
    const load = sendLoad(front, { ...options, phones }, ending.signal)
    await delay(WARM_UP_MS)
    await trouble(installation, random, told)
    ending.abort()
    const sent = await load
    told(`all ${sent.length} senders have been told something, or given up`)
    await front.close()
    await delay(SETTLE_MS)
    const accounts = await settle(installation, sent)
    const evidence = await gather(installation, accounts, happenings)
    return { ...judge(accounts), startedAtMs, evidence }
  } finally {
    await installation.stop()
  }
}

interface Sent extends Told {
  readonly message: Message
}

/** Sends at a steady rate, whatever happens, until told to end; resolves when every sender has been told. */
async function sendLoad(
  front: Front,
  { ratePerSecond, phones }: LoadOptions & { readonly phones: number },
  ending: AbortSignal,
): Promise<Sent[]> {
  const begin = performance.now()
  const all: Promise<Sent>[] = []
  for (let n = 0; !ending.aborted; n++) {
    const waitMs = begin + (n * 1000) / ratePerSecond - performance.now()
    if (waitMs > 0) await delay(waitMs)
    const message = { to: `+${FIRST_NUMBER + (n % phones)}`, text: `chaos ${n}` }
    all.push(front.send(message).then((told) => ({ ...told, message })))
  }
  return Promise.all(all)
}

async function setPhones(lab: string, phones: number, random: Random): Promise<void> {
  for (let phone = 0; phone < phones; phone++) {
    const response = await fetch(`${lab}/lab/subscribers/${FIRST_NUMBER + phone}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        behaviour: 'reachable',
        node: random.pick(PHONE_NODES),
        delayMs: random.pick(PHONE_DELAYS_MS),
      }),
    })
    if (!response.ok) throw new Error(`the lab refuses a phone: ${await response.text()}`)
  }
}

async function settle(installation: Installation, sent: readonly Sent[]): Promise<Account[]> {
  const copies = new Map<string, number[]>()
  for (const number of new Set(sent.map(({ message }) => message.to.slice(1)))) {
    const response = await fetch(`${installation.lab.url}/lab/phones/${number}/messages`)
    for (const { text, receivedAt } of (await response.json()) as { text: string; receivedAt: string }[])
      copies.set(text, [...(copies.get(text) ?? []), Date.parse(receivedAt)])
  }
  const freezesOf = (name: string) => installation.replicas.find((it) => it.name === name)?.freezes ?? []
  return sent.map((entry) => ({
    ...entry,
    copies: copies.get(entry.message.text) ?? [],
    window: silentWindow(entry, PATIENCE_MS, freezesOf),
  }))
}

/** What is known of the messages that were not simply delivered. */
async function gather(
  { kafka, prefix, logs }: Installation,
  accounts: readonly Account[],
  happenings: readonly Happening[],
): Promise<Evidence> {
  const plain = ({ status, copies }: Account) => status === 200 && copies.length === 1
  const wanted = new Set(accounts.filter((account) => !plain(account)).map(({ messageId }) => messageId))
  if (wanted.size === 0) return { happenings, ledger: new Map(), logs: [] }
  const ledger: Ledger = await readLedger(kafka.brokers.split(','), prefix, wanted)
  return { happenings, ledger, logs: await logs.read(wanted) }
}
