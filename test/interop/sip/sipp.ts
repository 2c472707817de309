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
}

export interface SippResult {
  readonly successful: number
  readonly failed: number
  readonly retransmissions: number
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
    const sipp = await startProcess('sipp', [
      options.target,
      '-sf',
      options.scenario ?? join(ROOT, 'test/interop/sip/message.xml'),
      '-inf',
      injection,
      '-t',
      options.transport === 'udp' ? 'u1' : 't1',
      '-i',
      '127.0.0.1',
      '-p',
      String(options.localPort),
      '-r',
      String(options.ratePerSecond),
      '-m',
      String(options.messages.length),
      '-l',
      String(options.messages.length),
      '-nostdin',
      '-trace_stat',
      '-stf',
      join(folder, 'stat.csv'),
      '-trace_err',
      '-error_file',
      join(folder, 'errors.log'),
    ])
    await sipp.ended
    const statistics = lastRow(readFileSync(join(folder, 'stat.csv'), 'utf8'))
    const errors = readdirSync(folder).includes('errors.log')
      ? readFileSync(join(folder, 'errors.log'), 'utf8')
      : ''
    return {
      successful: Number(statistics['SuccessfulCall(C)']),
      failed: Number(statistics['FailedCall(C)']),
      retransmissions: Number(statistics['Retransmissions(C)']),
      output: `${sipp.output().slice(-2_000)}\n${errors.slice(0, 4_000)}`,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lastRow(csv: string): Record<string, string> {
  const rows = csv.trim().split('\n')
  const names = (rows[0] ?? '').split(';')
  const values = (rows.at(-1) ?? '').split(';')
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
