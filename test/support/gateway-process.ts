import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LabPorts } from '@ipsmgw/test/lab'
import { eventually } from './eventually.ts'
import { freePort, startSource } from './processes.ts'

/** `npm start` as a process: gateway and lab, on ports of their own. */
export interface StartedGateway {
  readonly sipPort: number
  readonly labPorts: LabPorts
  /** Base of the HTTP side. */
  readonly url: string
  output(): string
  stop(): Promise<void>
}

/** With the SDK of traces, on a machine that is busy with other things. */
const READY_WITHIN_MS = 60_000

/** `settings` are those of a configuration file, over which `environment` goes. */
export async function startGateway(
  environment: Readonly<Record<string, string>> = {},
  settings: object = {},
): Promise<StartedGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-start-'))
  const [sip = 0, http = 0, hss = 0, mme = 0, sgsn = 0, stp = 0] = await freePorts(6)
  const url = `http://127.0.0.1:${http}`
  const file = join(folder, 'settings.yaml')
  // JSON is YAML too.
  writeFileSync(file, JSON.stringify(settings))
  const gateway = await startSource('test/lab/src/start.ts', ['--config', file], {
    environment: {
      IPSMGW_SIP_PORT: String(sip),
      IPSMGW_HTTP_PORT: String(http),
      IPSMGW_LAB_HSS_PORT: String(hss),
      IPSMGW_LAB_MME_PORT: String(mme),
      IPSMGW_LAB_SGSN_PORT: String(sgsn),
      IPSMGW_LAB_STP_PORT: String(stp),
      IPSMGW_JOURNAL_DIRECTORY: join(folder, 'journal'),
      ...environment,
    },
  })
  const stop = async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await ready(url, gateway.ended, READY_WITHIN_MS)
  } catch (cause) {
    await stop()
    throw new Error(`the gateway did not become ready:\n${gateway.output()}`, { cause })
  }
  return { sipPort: sip, labPorts: { hss, mme, sgsn, stp }, url, output: gateway.output, stop }
}

/** Resolves when a process answers its readiness probe; rejects when it ended before. */
export async function ready(url: string, ended: Promise<unknown>, timeoutMs?: number): Promise<void> {
  let over = false
  void ended.then(() => {
    over = true
  })
  await eventually(
    async () => {
      if (over) throw new Error('it has ended')
      try {
        return (await fetch(`${url}/readyz`)).ok
      } catch {
        return false
      }
    },
    `${url}/readyz`,
    timeoutMs,
  )
}

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}
