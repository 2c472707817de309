/** What came of one message to a phone that takes a given time. */
export interface Probe {
  readonly delaySeconds: number
  /** Final status; undefined when none came. */
  readonly status?: number
  readonly tookSeconds: number
}

export interface Patience {
  /** The longest delay of the phone that still ended in 200; 0 if none did. */
  readonly lastsSeconds: number
  /** The shortest that did not. */
  readonly broke?: Probe
  readonly probes: readonly Probe[]
}

/**
 * How long a chain of SIP nodes waits, by halving: a phone that answers after `delaySeconds` gives 200 if everybody
 * waited that long. At most six messages.
 */
export async function measurePatience(
  longestSeconds: number,
  send: (delaySeconds: number) => Promise<Probe>,
): Promise<Patience> {
  const probes: Probe[] = []
  let [lastsSeconds, tooLong] = [0, longestSeconds + 1]
  let broke: Probe | undefined
  while (tooLong - lastsSeconds > 1) {
    const delaySeconds = Math.floor((lastsSeconds + tooLong) / 2)
    const probe = await send(delaySeconds)
    probes.push(probe)
    if (probe.status === 200) lastsSeconds = delaySeconds
    else {
      tooLong = delaySeconds
      broke = probe
    }
  }
  return { lastsSeconds, probes, ...(broke !== undefined && { broke }) }
}

const MARGIN_SECONDS = 2
/** Below this a phone that is paged has hardly a chance: the peer's profile should answer early. */
const SHORT_SECONDS = 8

/** What to set, in words. */
export function advice({ lastsSeconds, broke }: Patience): string {
  if (lastsSeconds === 0)
    return `not even a phone that answers after 1 s gave 200 (${told(broke)}): see whether messages pass at all: ipsmgw send`
  if (broke === undefined)
    return `the chain waits for more than ${lastsSeconds} s: the default answerByMs of 25000 fits`
  if (broke.status === 202)
    return `the gateway itself answered 202 after ${broke.tookSeconds.toFixed(1)} s: raise answerByMs of this peer to 31000 and measure again`
  const fits = Math.max(1, lastsSeconds - MARGIN_SECONDS)
  const found = `the chain waits ${lastsSeconds} s and gave up before ${broke.delaySeconds} s (${told(broke)})`
  return lastsSeconds < SHORT_SECONDS
    ? `${found}: set earlyAnswerMs of this peer to ${fits * 1000}, or raise the core's timer towards application servers`
    : `${found}: set answerByMs of this peer to ${fits * 1000}`
}

const told = (probe: Probe | undefined) =>
  probe?.status === undefined ? 'no final came' : `${probe.status} after ${probe.tookSeconds.toFixed(1)} s`
