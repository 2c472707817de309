import { randomUUID } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startProcess } from '../../support/processes.ts'

/** Packets of the loopback interface, written to a file that tshark reads afterwards. */
export class Capture {
  readonly #folder: string
  readonly #markerPort: number
  readonly #dumpcap: RunningProcess

  private constructor(folder: string, markerPort: number, dumpcap: RunningProcess) {
    this.#folder = folder
    this.#markerPort = markerPort
    this.#dumpcap = dumpcap
  }

  /** Captures what one of these ports sends or receives. */
  static async start(
    ports: readonly number[],
    folder = mkdtempSync(join(tmpdir(), 'ipsmgw-capture-')),
  ): Promise<Capture> {
    const markerPort = await freePort()
    const filter = [...ports, markerPort].map((port) => `port ${port}`).join(' or ')
    const dumpcap = await startProcess('dumpcap', ['-i', 'lo', '-f', filter, '-w', fileIn(folder)], {
      readyWhen: /^File: /m,
    })
    return new Capture(folder, markerPort, dumpcap)
  }

  /** Ends the capture once everything that was on the wire so far is in the file. */
  async stop(): Promise<void> {
    const marker = randomUUID()
    const socket = createSocket('udp4')
    socket.send(marker, this.#markerPort, '127.0.0.1')
    await eventually(
      () => readFileSync(fileIn(this.#folder)).includes(marker),
      'the last packet is in the file',
    )
    socket.close()
    await this.#dumpcap.stop('SIGINT')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** tshark's words about the file. `decodeAs` are its rules, such as `tcp.port==3868,diameter`. */
  read(decodeAs: readonly string[], args: readonly string[]): Promise<string> {
    return readCapture(this.#folder, [...decodeAs.flatMap((rule) => ['-d', rule]), ...args])
  }
}

/** tshark's words about the capture in a folder. */
export async function readCapture(folder: string, args: readonly string[]): Promise<string> {
  const tshark = await startProcess('tshark', ['-n', '-2', '-r', fileIn(folder), ...args])
  const code = await tshark.ended
  const output = tshark.output().replace(/^Running as user "root".*\n/m, '')
  if (code !== 0) throw new Error(`tshark ended with ${code}:\n${output}`)
  return output
}

function fileIn(folder: string): string {
  return join(folder, 'run.pcapng')
}
