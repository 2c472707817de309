// neighbours: sipp
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type StartedGateway, startGateway } from '../../support/gateway-process.ts'
import { freePort, startProcess } from '../../support/processes.ts'

const OCTETS = readFileSync(new URL('../../vectors/cpm-pager-message.sip', import.meta.url), 'utf8')
const CALL_ID = /^Call-ID: (\S+)\r$/m.exec(OCTETS)?.[1] ?? assert.fail('the vector has no Call-ID')
const TO = '447900123456'

/** A scenario that sends the message as it stands, and wants one status. */
function scenario(message: string, status: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="the message of test/vectors">
  <send><![CDATA[

${message.replaceAll('\r\n', '\n')}
]]></send>
  <recv response="100" optional="true"/>
  <recv response="${status}"/>
</scenario>`
}

describe('SIPp sends the CPM pager-mode message of test/vectors as it stands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-pager-'))
  let gateway: StartedGateway
  before(async () => {
    const file = join(folder, 'policy.yaml')
    writeFileSync(file, JSON.stringify({ homeDomains: ['ims.example'] }))
    gateway = await startGateway({}, { policy: { file } })
  })
  after(async () => {
    await gateway?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Resolves to SIPp's exit code: 0 when the call went as the scenario says. */
  async function send(message: string, callId: string, status: number): Promise<number | string> {
    writeFileSync(join(folder, 'scenario.xml'), scenario(message, status))
    const sipp = await startProcess(
      'sipp',
      [
        `127.0.0.1:${gateway.sipPort}`,
        ...['-sf', 'scenario.xml', '-cid_str', callId, '-t', 't1', '-m', '1', '-nostdin'],
        ...['-i', '127.0.0.1', '-p', String(await freePort()), '-timeout', '20', '-timeout_error'],
        ...['-trace_msg', '-message_file', 'messages.log'],
      ],
      { directory: folder },
    )
    return sipp.ended
  }

  async function phone(): Promise<{ text: string; originator: string }[]> {
    return (await (await fetch(`${gateway.url}/lab/phones/${TO}/messages`)).json()) as {
      text: string
      originator: string
    }[]
  }

  test('200, and the phone has its text from the asserted number', async () => {
    assert.equal(await send(OCTETS, CALL_ID, 200), 0)
    const sent = readFileSync(join(folder, 'messages.log'), 'latin1').replaceAll('\r\n', '\n')
    assert.ok(sent.includes(OCTETS.replaceAll('\r\n', '\n')), 'SIPp sent something else')
    assert.deepEqual(
      (await phone()).map(({ text, originator }) => [text, originator]),
      [['Lalala', '+447700900111']],
    )
  })

  test('with Privacy: id and an anonymous From: 433, and the phone has no more than before', async () => {
    const hidden = OCTETS.replace(CALL_ID, 'hidden@cpmas.ims.example').replace(
      /^From: .*\r$/m,
      'Privacy: id\r\nFrom: "Anonymous" <sip:anonymous@anonymous.invalid>;tag=7f21\r',
    )
    assert.equal(await send(hidden, 'hidden@cpmas.ims.example', 433), 0)
    assert.equal((await phone()).length, 1)
  })
})
