// neighbours: osmo-stp, linux.uml, tshark, capture
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runInUml } from '../../support/uml.ts'
import { readCapture } from './capture.ts'
import { DELIVERED, PARTS_DELIVERED } from './run.ts'

const GUEST_TESTS = 3
const LONGEST_RUN_MS = 280_000

describe('TS 29.002 over SCTP: a capture of a run through a real STP, read by tshark', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ipsmgw-capture-'))

  before(async () => {
    const guest = await runInUml(
      'exec node --test --test-reporter=tap test/interop/tshark/sigtran.guest.ts',
      {
        environment: { CAPTURE_FOLDER: folder },
        timeoutMs: LONGEST_RUN_MS,
      },
    )
    assert.match(
      guest.output,
      new RegExp(`^# pass ${GUEST_TESTS}$`, 'm'),
      `${guest.output}\n${guest.console}`,
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** All values of a field. */
  async function values(field: string, filter: string): Promise<string[]> {
    const lines = await readCapture(folder, ['-Y', filter, '-T', 'fields', '-e', field])
    return lines.split(/[\n,]/).filter((value) => value !== '')
  }

  test('no packet is malformed and none has an expert item of severity error', async () => {
    const lines = await readCapture(folder, [
      ...['-Y', '_ws.malformed or _ws.expert.severity == "Error"', '-V'],
    ])
    assert.equal(lines.slice(0, 5_000), '')
  })

  test('every forward is read through all layers: SCTP, M3UA, SCCP, TCAP, MAP, SMS', async () => {
    const layers = await values('frame.protocols', 'gsm_sms')
    assert.ok(layers.length > 0)
    for (const it of layers) assert.match(it, /sctp:m3ua:(mtp3:)?sccp:tcap:gsm_map:gsm_sms/)
  })

  test('TS 23.040: the parts of every text are there, from each version of MAP', async () => {
    const texts = await values('gsm_sms.sms_text', 'gsm_sms')
    for (const text of DELIVERED) {
      const begin = [...text].slice(0, 10).join('')
      assert.ok(
        texts.some((it) => it.includes(begin.split(',')[0] ?? begin)),
        begin,
      )
    }
    const operations = await values('gsm_old.localValue', 'tcap')
    const count = (code: number) => operations.filter((it) => it === String(code)).length
    assert.ok(count(44) >= PARTS_DELIVERED, 'mt-ForwardSM')
    assert.ok(count(46) >= 2 * PARTS_DELIVERED, 'forwardSM')
    assert.ok(count(45) >= DELIVERED.length, 'sendRoutingInfoForSM')
  })
})
