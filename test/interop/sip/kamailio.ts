import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/eventually.ts'
import { type RunningProcess, startProcess } from '../../support/processes.ts'

/** Kamailio as a plain stateful proxy in front of the gateway, in the S-CSCF's place. */
export async function startKamailio(
  listenPort: number,
  gateway: { port: number; transport: 'udp' | 'tcp' },
): Promise<RunningProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-kamailio-'))
  const configuration = join(folder, 'kamailio.cfg')
  writeFileSync(configuration, config(listenPort, gateway))
  const kamailio = await startProcess('kamailio', [
    '-f',
    configuration,
    '-DD',
    '-E',
    '-Y',
    folder,
    '-P',
    join(folder, 'pid'),
    '-m',
    '64',
    '-M',
    '16',
  ])
  await eventually(() => accepts(listenPort), 'Kamailio listens')
  void kamailio.ended.then(() => rmSync(folder, { recursive: true, force: true }))
  return kamailio
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function config(listenPort: number, gateway: { port: number; transport: 'udp' | 'tcp' }): string {
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
disable_tls=yes
listen=udp:127.0.0.1:${listenPort}
listen=tcp:127.0.0.1:${listenPort}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
modparam("tm", "fr_timer", 31000)
request_route {
  if (!mf_process_maxfwd_header("70")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  $du = "sip:127.0.0.1:${gateway.port};transport=${gateway.transport}";
  if (!t_relay()) sl_reply_error();
  exit;
}
`
}
