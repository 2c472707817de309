import { randomInt } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type RunningProcess, startProcess } from './processes.ts'

/** A node that reaches the STP over IPA: its unit name, its point code, and where its messages go. */
export interface IpaNode {
  readonly name: string
  readonly pointCode: string
  readonly destination: string
}

/** osmo-stp configuration for IPA clients on one port of loopback. Point codes are written 3-8-3. */
export function ipaConfig(port: number, nodes: readonly IpaNode[]): string {
  return lines(
    'cs7 instance 0',
    ' network-indicator national',
    ' xua rkm routing-key-allocation static-only',
    ...nodes.flatMap(({ name, pointCode, destination }) => [
      ` as ${name} ipa`,
      `  routing-key 0 ${pointCode}`,
      `  point-code override dpc ${destination}`,
    ]),
    ' route-table system',
    ...nodes.map(({ name, pointCode }) => `  update route ${pointCode} 7.255.7 linkset ${name}`),
    ` listen ipa ${port}`,
    '  accept-asp-connections dynamic-permitted',
    '  local-ip 127.0.0.1',
  )
}

/** An application server reached over M3UA and SCTP, with the client ports of its ASPs. */
export interface M3uaNode {
  readonly name: string
  readonly pointCode: string
  readonly routingContext: number
  readonly clientPorts: readonly number[]
  readonly trafficMode?: 'loadshare' | 'override'
}

/** osmo-stp configuration for M3UA clients with static keys; others may register their own. */
export function m3uaConfig(port: number, nodes: readonly M3uaNode[]): string {
  return lines(
    'cs7 instance 0',
    ' network-indicator national',
    ' xua rkm routing-key-allocation dynamic-permitted',
    ...nodes.flatMap(({ name, clientPorts }) =>
      clientPorts.flatMap((clientPort, index) => [
        ` asp ${name}-${index} ${clientPort} ${port} m3ua`,
        '  local-ip 127.0.0.1',
        '  remote-ip 127.0.0.1',
        '  role sg',
        '  sctp-role server',
      ]),
    ),
    ...nodes.flatMap(({ name, pointCode, routingContext, clientPorts, trafficMode = 'loadshare' }) => [
      ` as ${name} m3ua`,
      ...clientPorts.map((_, index) => `  asp ${name}-${index}`),
      `  routing-key ${routingContext} ${pointCode}`,
      `  traffic-mode ${trafficMode}`,
      '  recovery-timeout 2000',
    ]),
    ' route-table system',
    ...nodes.map(({ name, pointCode }) => `  update route ${pointCode} 7.255.7 linkset ${name}`),
    ` listen m3ua ${port}`,
    '  accept-asp-connections dynamic-permitted',
    '  local-ip 127.0.0.1',
  )
}

const lines = (...all: string[]) => `${all.join('\n')}\n`

export interface OsmoStp {
  /** What the present run has logged. */
  output(): string
  stop(): Promise<void>
  /** With the same configuration, after `stop`. */
  start(): Promise<void>
  /** Stops it if it runs and removes its folder. */
  close(): Promise<void>
}

/** Starts a signalling transfer point and waits until it listens. */
export async function startOsmoStp(config: string): Promise<OsmoStp> {
  const folder = await mkdtemp(join(tmpdir(), 'osmo-stp-'))
  const file = join(folder, 'stp.cfg')
  const terminal = terminalAddress()
  await writeFile(file, `line vty\n no login\n bind ${terminal}\n${config}`)
  let running: RunningProcess | undefined
  const stop = async () => {
    await running?.stop()
    running = undefined
  }
  const start = async () => {
    running = await startProcess('osmo-stp', ['-c', file])
    await listening(terminal, running)
  }
  await start()
  return {
    start,
    stop,
    output: () => running?.output() ?? '',
    close: async () => {
      await stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** The port of the terminal is fixed, so that several on one machine need addresses of their own. */
function terminalAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
}

const TERMINAL_PORT = 4239
const LONGEST_START_MS = 20_000
const POLL_MS = 20

/** The terminal opens last: once it answers, the signalling ports are open too. */
async function listening(address: string, stp: RunningProcess): Promise<void> {
  const deadlineMs = Date.now() + LONGEST_START_MS
  while (Date.now() < deadlineMs && stp.child.exitCode === null) {
    if (await answers(address)) return
    await delay(POLL_MS)
  }
  await stp.stop('SIGKILL')
  throw new Error(`osmo-stp does not listen:\n${stp.output()}`)
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(TERMINAL_PORT, address)
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false))
    socket.once('close', (failed) => resolve(!failed))
  })
}
