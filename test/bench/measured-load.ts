import { runSipp, type SippResult } from '../interop/sip/sipp.ts'
import { differentMessages } from '../support/load.ts'
import { freePort } from '../support/processes.ts'
import type { MeasuredProcess } from './measured-process.ts'

/** What SIPp sends. */
export interface Load {
  readonly transport: 'udp' | 'tcp'
  readonly ratePerSecond: number
  readonly messages: number
  readonly maximumOpen?: number
}

export interface Measured extends SippResult {
  readonly cpuMsPerMessage: number
  readonly perSecond: number
}

/** SIPp against a process whose CPU time is taken meanwhile. Throws when not all are answered 200. */
export async function measure(
  target: MeasuredProcess,
  port: number,
  load: Load,
  name: string,
): Promise<Measured> {
  const messages = differentMessages(load.messages, (i) => `${name} ${i}: a note of the usual length, 5 €`)
  const cpuBefore = await target.cpuMs()
  const result = await runSipp({
    ...load,
    target: `127.0.0.1:${port}`,
    messages,
    localPort: await freePort(),
  })
  const cpuMs = (await target.cpuMs()) - cpuBefore
  if (result.successful !== load.messages)
    throw new Error(`${result.successful} of ${load.messages} messages were answered 200\n${result.output}`)
  return {
    ...result,
    cpuMsPerMessage: cpuMs / load.messages,
    perSecond: (load.messages / result.elapsedMs) * 1_000,
  }
}

export const percentile = ({ responseTimesMs: times }: Measured, part: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN
