/**
 * MAP, TCAP, SCCP and M3UA: an mt-ForwardSM of another stack read down to its argument and written again, on one core;
 * and what a dialogue costs while many others are open. Baselines: the TFR that carries the same over Diameter, and the
 * same dialogue with no other open.
 */
import { readFileSync } from 'node:fs'
import { decodeDiameter, encodeMessage, readRequest } from '@ipsmgw/diameter'
import { decodeM3ua, encodeData } from '@ipsmgw/m3ua'
import { decodeArgument, encodeArgument } from '@ipsmgw/map'
import { decodeSccp, encodeSccp } from '@ipsmgw/sccp'
import { decodeTcap, encodeTcap, type TcapMessage } from '@ipsmgw/tcap'
import { perSecond, report } from './measure.ts'
import { OpenDialogues } from './open-dialogues.ts'

const INPUT = 'test/vectors/map-vectors.json'
const NAME = 'mt-fsm-v3-req'
const OPEN = 50_000

interface Vectors {
  readonly map: readonly { readonly id: string; readonly m3ua: readonly string[] }[]
}
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))
const { map } = read('map-vectors.json') as Vectors
const octets = Buffer.from(map.find(({ id }) => id === NAME)?.m3ua[0] ?? '', 'hex')

function decodeAndEncode(): Buffer {
  const { protocolData, routingContexts } = decodeM3ua(octets).parameters
  if (protocolData === undefined) throw new Error(`${NAME} is no DATA`)
  const message = decodeSccp(protocolData.data)
  const transaction = decodeTcap(message.data)
  const [invoke] = transaction.type === 'begin' ? transaction.components : []
  if (transaction.type !== 'begin' || invoke?.kind !== 'invoke') throw new Error(`${NAME} has no invoke`)
  const argument = decodeArgument('mtForwardSM', invoke.parameter)
  const parameter = encodeArgument('mtForwardSM', argument, 3)
  const again = { ...transaction, components: [{ ...invoke, parameter }] } satisfies TcapMessage
  const data = encodeSccp({ ...message, data: encodeTcap(again) })
  return encodeData({ ...protocolData, data }, routingContexts?.[0], undefined)
}

const diameter = read('diameter-vectors.json') as { vectors: readonly { name: string; hex: string }[] }
const tfr = Buffer.from(diameter.vectors.find(({ name }) => name === 'tfr')?.hex ?? '', 'hex')
function decodeAndEncodeTfr(): Buffer {
  const message = decodeDiameter(tfr)
  return encodeMessage('TFR', readRequest('TFR', message), message)
}

if (!decodeAndEncode().equals(octets)) throw new Error('what was encoded is not what was decoded')

const dialogues = new OpenDialogues()
const alone = perSecond(() => dialogues.forward())
dialogues.open(OPEN)
const among = perSecond(() => dialogues.forward())
dialogues.close()

report('MAP over TCAP, SCCP and M3UA, one core', [
  {
    what: 'decode + encode, all layers',
    input: `${NAME} of ${INPUT}, ${octets.length} octets`,
    value: perSecond(decodeAndEncode),
    unit: '/s',
    baseline: { name: 'TFR over Diameter', value: perSecond(decodeAndEncodeTfr) },
    target: { atLeast: 80_000 },
  },
  {
    what: 'dialogue, both sides: BEGIN and END',
    input: `${OPEN} others open`,
    value: among,
    unit: '/s',
    baseline: { name: 'no other open', value: alone },
    target: { ratioAtLeast: 0.8 },
  },
])
