import { setTimeout as delay } from 'node:timers/promises'
import { dealFaults, type Fault } from './faults.ts'
import { Front, type Message, PATIENCE_MS, type Told } from './front.ts'
import { Installation } from './installation.ts'
import { type Account, judge, type Verdict } from './judge.ts'
import { Random } from './random.ts'

export interface LoadOptions {
  readonly ratePerSecond: number
  readonly brokers: number
  readonly replicas: number
  /** The same seed gives the same phones, and the same faults in the same order. */
  readonly seed: number
  told(sentence: string): void
}

export interface ChaosOptions extends LoadOptions {
  readonly durationMs: number
  readonly faults: readonly Fault[]
  /** Between two faults, on the average. */
  readonly faultEveryMs: number
}

const FIRST_NUMBER = 447700800000
/** One message to a phone in so long: it is done with the last one, however slow it is. */
const PHONE_EVERY_S = 15
/** Most phones answer soon, some take as long as paging takes. */
const PHONE_DELAYS_MS = [0, 50, 100, 200, 400, 1_000, 2_000, 4_000, 6_000]
/** When an ingress answers by itself if nobody has told it anything: answerBy and a second. */
const GUARD_MS = 26_000
const WARM_UP_MS = 3_000
/** What is under way may still reach a phone after its sender was told that nothing is known. */
const SETTLE_MS = 15_000

/** Load, faults at random, and what came of each message. */
export function runChaos(options: ChaosOptions): Promise<Verdict> {
  return underLoad(options, async (installation, random, told) => {
    const until = performance.now() + options.durationMs - WARM_UP_MS
    for (const fault of dealFaults(random, options.faults)) {
      if (performance.now() >= until) break
      await fault.strike(installation, random, told)
      await delay(random.between(0, 2 * options.faultEveryMs))
    }
  })
}

/** Load for as long as `trouble` takes, and what came of each message. */
export async function underLoad(options: LoadOptions, trouble: Fault['strike']): Promise<Verdict> {
  const random = new Random(options.seed)
  const startedAt = performance.now()
  const told = (sentence: string) =>
    options.told(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${sentence}`)
  const installation = await Installation.start({ ...options, told })
  try {
    const phones = Math.ceil(options.ratePerSecond * PHONE_EVERY_S)
    await setPhones(installation.lab.url, phones, random)
    const front = await Front.open(installation.sipPorts)
    told(`load: ${options.ratePerSecond} messages a second`)
    const ending = new AbortController()
    const load = sendLoad(front, { ...options, phones }, startedAt, ending.signal)
    await delay(WARM_UP_MS)
    await trouble(installation, random, told)
    ending.abort()
    const sent = await load
    told(`all ${sent.length} senders have been told something, or given up`)
    await front.close()
    await delay(SETTLE_MS)
    return judge(await settle(installation, sent, startedAt))
  } finally {
    await installation.stop()
  }
}

interface Sent extends Told {
  readonly message: Message
  readonly sentAtMs: number
}

/** Sends at a steady rate, whatever happens, until told to end; resolves when every sender has been told. */
async function sendLoad(
  front: Front,
  { ratePerSecond, phones }: LoadOptions & { readonly phones: number },
  startedAt: number,
  ending: AbortSignal,
): Promise<Sent[]> {
  const begin = performance.now()
  const all: Promise<Sent>[] = []
  for (let n = 0; !ending.aborted; n++) {
    const waitMs = begin + (n * 1000) / ratePerSecond - performance.now()
    if (waitMs > 0) await delay(waitMs)
    const message = { to: `+${FIRST_NUMBER + (n % phones)}`, text: `chaos ${n}` }
    const sentAtMs = performance.now() - startedAt
    all.push(front.send(message).then((told) => ({ ...told, message, sentAtMs })))
  }
  return Promise.all(all)
}

async function setPhones(lab: string, phones: number, random: Random): Promise<void> {
  for (let phone = 0; phone < phones; phone++) {
    const response = await fetch(`${lab}/lab/subscribers/${FIRST_NUMBER + phone}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ behaviour: 'reachable', node: 'mme', delayMs: random.pick(PHONE_DELAYS_MS) }),
    })
    if (!response.ok) throw new Error(`the lab refuses a phone: ${await response.text()}`)
  }
}

async function settle(
  installation: Installation,
  sent: readonly Sent[],
  startedAt: number,
): Promise<Account[]> {
  const copies = new Map<string, number>()
  for (const number of new Set(sent.map(({ message }) => message.to.slice(1)))) {
    const response = await fetch(`${installation.lab.url}/lab/phones/${number}/messages`)
    for (const { text } of (await response.json()) as { text: string }[])
      copies.set(text, (copies.get(text) ?? 0) + 1)
  }
  const freezes = installation.of('sip-ingress').flatMap((replica) => replica.freezes)
  return sent.map((entry) => {
    // The ingress that took it in the end counts from then: not before this, and in vain after the sender's patience.
    const sentAt = startedAt + entry.sentAtMs
    const [guardAt, endAt] = [sentAt + GUARD_MS, sentAt + PATIENCE_MS]
    const ingressFrozen = freezes.some(({ fromMs, toMs }) => fromMs <= endAt && guardAt <= toMs)
    return { ...entry, copies: copies.get(entry.message.text) ?? 0, ingressFrozen }
  })
}
