import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '../../support/certificates.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort, type RunningProcess, startProcess } from '../../support/processes.ts'

export interface KamailioOptions {
  /** UDP and TCP. */
  readonly listenPort: number
  /** Ports of the gateway's instances, tried one after the other. */
  readonly gateways: readonly number[]
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** With TLS: its own certificate, and whose it believes. */
  readonly tls?: { readonly own: Credentials; readonly authorityFile: string }
  /** How long it waits for a final before it tries the next instance, or gives up. */
  readonly patienceMs?: number
}

/** Kamailio as a plain stateful proxy in front of the gateway, in the S-CSCF's place. */
export async function startKamailio(options: KamailioOptions): Promise<RunningProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-kamailio-'))
  const configuration = join(folder, 'kamailio.cfg')
  writeFileSync(configuration, configurationOf(options, folder, await freePort()))
  const kamailio = await startProcess('kamailio', [
    ...['-f', configuration, '-DD', '-E', '-Y', folder, '-P', join(folder, 'pid')],
    ...['-m', '64', '-M', '16'],
  ])
  await eventually(() => accepts(options.listenPort), 'Kamailio listens')
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

/** Round robin over the gateways; the next one when one does not answer in time, or refuses for itself. */
function configurationOf(options: KamailioOptions, folder: string, tlsPort: number): string {
  const { listenPort, gateways, transport, tls, patienceMs = 31_000 } = options
  const list = join(folder, 'dispatcher.list')
  writeFileSync(list, gateways.map((port) => `1 sip:127.0.0.1:${port};transport=${transport}\n`).join(''))
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
${tls === undefined ? 'disable_tls=yes' : `enable_tls=yes\nlisten=tls:127.0.0.1:${tlsPort}`}
listen=udp:127.0.0.1:${listenPort}
listen=tcp:127.0.0.1:${listenPort}
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "dispatcher.so"
modparam("tm", "fr_timer", ${patienceMs})
modparam("dispatcher", "list_file", "${list}")
modparam("dispatcher", "flags", 2)
${tls === undefined ? '' : tlsModule(tls, folder)}
request_route {
  if (!mf_process_maxfwd_header("70")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (!ds_select_dst("1", "4")) {
    sl_send_reply("500", "No Gateway");
    exit;
  }
  if (!t_newtran()) exit;
  t_on_failure("NEXT");
  if (t_relay()) exit;
  # Nobody listens there: the next one, if there is one.
  if (ds_next_dst() && t_relay()) exit;
  t_reply("480", "No Gateway Reached");
  exit;
}
failure_route[NEXT] {
  if (t_is_canceled()) exit;
  if ((t_branch_timeout() || t_check_status("477|503")) && ds_next_dst()) {
    t_on_failure("NEXT");
    t_relay();
  }
}
`
}

/** Mutual: the gateway must show a certificate of the authority, and gets ours. */
function tlsModule({ own, authorityFile }: NonNullable<KamailioOptions['tls']>, folder: string): string {
  const file = join(folder, 'tls.cfg')
  const lines = [
    'method = TLSv1.2+',
    'verify_certificate = yes',
    'require_certificate = yes',
    `private_key = ${own.keyFile}`,
    `certificate = ${own.certificateFile}`,
    `ca_list = ${authorityFile}`,
  ]
  writeFileSync(
    file,
    ['server', 'client'].map((side) => `[${side}:default]\n${lines.join('\n')}\n`).join('\n'),
  )
  return `loadmodule "tls.so"\nmodparam("tls", "config", "${file}")`
}
