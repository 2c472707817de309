import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT, startProcess } from '../../support/processes.ts'

/** One instant message that SIPp sends. */
export interface SippMessage {
  readonly to: string
  readonly text: string
}

export interface SippOptions {
  readonly target: string
  readonly transport: 'udp' | 'tcp'
  readonly ratePerSecond: number
  readonly messages: readonly SippMessage[]
  readonly localPort: number
  readonly scenario?: string
  /** Messages without a final at the same time; all of them unless given. */
  readonly maximumOpen?: number
}

export interface SippResult {
  readonly successful: number
  readonly failed: number
  readonly retransmissions: number
  /** From request to 200, in ascending order. */
  readonly responseTimesMs: readonly number[]
  readonly elapsedMs: number
  /** SIPp's own words, for a failing assertion. */
  readonly output: string
}

/** Sends the messages by Debian's SIPp and counts what came back. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-sipp-'))
  try {
    const injection = join(folder, 'messages.csv')
    writeFileSync(
      injection,
      `SEQUENTIAL\n${options.messages.map(({ to, text }) => `${to};${text}`).join('\n')}\n`,
    )
    const sipp = await startProcess('sipp', argumentsOf(options, injection), { directory: folder })
    const startedAt = performance.now()
    await sipp.ended
    const elapsedMs = performance.now() - startedAt
    const statistics = lastRow(readFileSync(join(folder, 'stat.csv'), 'utf8'))
    const errors = readdirSync(folder).includes('errors.log')
      ? readFileSync(join(folder, 'errors.log'), 'utf8')
      : ''
    return {
      successful: Number(statistics['SuccessfulCall(C)']),
      failed: Number(statistics['FailedCall(C)']),
      retransmissions: Number(statistics['Retransmissions(C)']),
      responseTimesMs: responseTimes(folder),
      elapsedMs,
      output: `${sipp.output().slice(-2_000)}\n${errors.slice(0, 4_000)}`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function argumentsOf(options: SippOptions, injection: string): string[] {
  const count = String(options.messages.length)
  return [
    options.target,
    ...['-sf', options.scenario ?? join(ROOT, 'test/interop/sip/message.xml')],
    ...['-inf', injection],
    ...['-t', options.transport === 'udp' ? 'u1' : 't1'],
    ...['-i', '127.0.0.1', '-p', String(options.localPort)],
    ...['-r', String(options.ratePerSecond), '-m', count],
    ...['-l', String(options.maximumOpen ?? count)],
    '-nostdin',
    ...['-trace_stat', '-stf', 'stat.csv'],
    ...['-trace_rtt', '-rtt_freq', '100'],
    ...['-trace_err', '-error_file', 'errors.log'],
  ]
}

/** Second column of SIPp's trace of response times. */
function responseTimes(folder: string): number[] {
  const name = readdirSync(folder).find((file) => file.endsWith('_rtt.csv'))
  if (name === undefined) return []
  const rows = readFileSync(join(folder, name), 'utf8').trim().split('\n').slice(1)
  return rows.map((row) => Number(row.split(';')[1])).sort((a, b) => a - b)
}

function lastRow(csv: string): Record<string, string> {
  const rows = csv.trim().split('\n')
  const names = (rows[0] ?? '').split(';')
  const values = (rows.at(-1) ?? '').split(';')
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
