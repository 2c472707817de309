import { decodeSccp, encodeSccp, type ReturnCause } from '@ipsmgw/sccp'

const HOP_COUNTER = 15

/** What the sender of a message gets that could not be delivered: UDTS or XUDTS with its data (Q.714 §4.2). */
export function returned(data: Uint8Array, returnCause: ReturnCause): Buffer {
  const message = decodeSccp(data)
  if ('returnCause' in message) throw new RangeError('a message that came back is not returned again')
  const { type, called, calling, segmentation } = message
  const rest = { returnCause, called: calling, calling: called, data: message.data }
  if (type === 'UDT') return encodeSccp({ type: 'UDTS', ...rest })
  const more = { hopCounter: HOP_COUNTER, ...(segmentation && { segmentation }) }
  return encodeSccp({ type: type === 'XUDT' ? 'XUDTS' : 'LUDTS', ...rest, ...more })
}
