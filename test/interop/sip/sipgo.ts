import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { goTool } from '../../../scripts/go-tools.ts'

export interface SipgoMessage {
  readonly uri: string
  readonly body: string
  readonly contentType: string
}

export interface SipgoJob {
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly localAddress: string
  readonly from: string
  readonly headers: readonly (readonly [string, string])[]
  readonly messages: readonly SipgoMessage[]
  readonly tls?: {
    readonly certificateFile: string
    readonly keyFile: string
    readonly authorityFile: string
  }
}

export interface SipgoAnswer {
  readonly to: string
  readonly status: number
  readonly reason: string
  /** The response as sipgo writes it down. */
  readonly answer: string
}

/** Sends the messages by sipgo, all at once, and gives the finals in the order in which they came. */
export async function runSipgo(job: SipgoJob): Promise<SipgoAnswer[]> {
  const child = spawn(goTool('sip-sender'), [], { stdio: ['pipe', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (errors += chunk))
  child.stdin.end(JSON.stringify(job))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`sip-sender ended with ${code}:\n${errors}\n${output}`)
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as SipgoAnswer)
}
