import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LAB_GATEWAY, type LabPorts, labPeers, labSigtran } from '@ipsmgw/test/lab'
import { freePorts, ready } from './gateway-process.ts'
import { startSource } from './processes.ts'

const HOST = '127.0.0.1'

/** The neighbours as a process of their own. */
export interface LabProcess {
  readonly url: string
  readonly ports: LabPorts
  stop(): Promise<void>
}

export async function startLab(settings: Readonly<Record<string, string>> = {}): Promise<LabProcess> {
  const [http = 0, hss = 0, mme = 0, sgsn = 0, stp = 0] = await freePorts(5)
  const url = `http://${HOST}:${http}`
  const lab = await startSource('test/lab/src/main.ts', [], {
    environment: {
      IPSMGW_HTTP_PORT: String(http),
      IPSMGW_LAB_HSS_PORT: String(hss),
      IPSMGW_LAB_MME_PORT: String(mme),
      IPSMGW_LAB_SGSN_PORT: String(sgsn),
      IPSMGW_LAB_STP_PORT: String(stp),
      ...settings,
    },
  })
  const stop = async () => void (await lab.stop())
  try {
    await ready(url, lab.ended, 60_000)
  } catch (cause) {
    await stop()
    throw new Error(`the lab did not become ready:\n${lab.output()}`, { cause })
  }
  return { url, ports: { hss, mme, sgsn, stp }, stop }
}

/** Settings of a gateway whose neighbours are such a lab and whose S-CSCF is anybody on this machine. */
export function settingsFor(lab: LabProcess) {
  return {
    sip: { peers: [{ name: 'scscf', addresses: [`${HOST}/32`] }] },
    diameter: { ...LAB_GATEWAY.diameter, peers: labPeers(HOST, lab.ports) },
    routing: LAB_GATEWAY.routing,
    sigtran: labSigtran(HOST, lab.ports),
  }
}

/** A folder with files that a test's processes are given, removed at its end. JSON is YAML too. */
export class SettingsFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ipsmgw-settings-'))

  write(name: string, settings: object): string {
    const file = join(this.path, `${name}.yaml`)
    writeFileSync(file, JSON.stringify(settings))
    return file
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
