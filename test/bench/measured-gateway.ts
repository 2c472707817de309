import { join } from 'node:path'
import { freePorts } from '../support/gateway-process.ts'
import { type LabProcess, SettingsFolder, settingsFor } from '../support/separate-processes.ts'
import { type MeasuredProcess, startMeasured } from './measured-process.ts'

export interface MeasuredGateway {
  readonly process: MeasuredProcess
  /** Of SIP over UDP and TCP. */
  readonly port: number
  stop(): Promise<void>
}

/** The standalone gateway before such a lab, with settings and a journal of its own. */
export async function startGateway(lab: LabProcess): Promise<MeasuredGateway> {
  const folder = new SettingsFolder()
  const [sip = 0, http = 0] = await freePorts(2)
  const settings = settingsFor(lab)
  const file = folder.write('gateway', {
    ...settings,
    http: { port: http },
    sip: { ...settings.sip, port: sip },
    journal: { directory: join(folder.path, 'journal') },
  })
  const main = 'services/standalone/src/main.ts'
  const process = await startMeasured(main, ['--config', file], `http://127.0.0.1:${http}`)
  return {
    process,
    port: sip,
    async stop() {
      await process.stop()
      folder.remove()
    },
  }
}
