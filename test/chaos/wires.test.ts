import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { Wires } from './wires.ts'

const REPLICAS = ['sm-delivery-0', 'sm-delivery-1']
let echo: Server
let wires: Wires

before(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  wires = await Wires.open(1, REPLICAS)
  wires.toBrokers(`127.0.0.1:${(echo.address() as { port: number }).port}`)
})
after(async () => {
  await wires.close()
  echo.close()
})

/** A line of this replica to the broker, on which its first request has been answered. */
async function line(replica: string): Promise<Socket> {
  const socket = connect({ port: wires.brokerPorts[0] as number, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(requestOf(`ipsmgw-sm-delivery-${replica}.producer`))
  await once(socket, 'data')
  return socket
}

/** The head of a Kafka request. */
function requestOf(clientId: string): Buffer {
  const head = Buffer.alloc(14)
  head.writeInt16BE(clientId.length, 12)
  return Buffer.concat([head, Buffer.from(clientId)])
}

test('wires: the lines of one replica are cut, those of others stay, and new ones lead through once they are mended', async () => {
  const [lost, kept] = [await line('sm-delivery-0'), await line('sm-delivery-1')]
  const closed = new Promise((resolve) => lost.once('close', resolve))
  assert.equal(wires.cut('sm-delivery-0', 'brokers'), 1)
  await closed
  kept.write('still there')
  assert.equal(String((await once(kept, 'data'))[0]), 'still there')
  wires.mend('sm-delivery-0', 'brokers')
  const again = await line('sm-delivery-0')
  for (const socket of [kept, again]) socket.destroy()
})

test('wires: on a silent line nothing passes, and nothing is lost', async () => {
  const [silent, other] = [await line('sm-delivery-0'), await line('sm-delivery-1')]
  assert.equal(wires.silence('sm-delivery-0', 'brokers'), 1)
  let heard = ''
  silent.on('data', (octets: Buffer) => {
    heard += octets.toString()
  })
  silent.write('later')
  other.write('now')
  assert.equal(String((await once(other, 'data'))[0]), 'now')
  assert.equal(heard, '')
  const back = once(silent, 'data')
  wires.mend('sm-delivery-0', 'brokers')
  await back
  assert.equal(heard, 'later')
  for (const socket of [silent, other]) socket.destroy()
})
