import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  connectSctp,
  type Libc,
  listenSctp,
  loadLibc,
  SctpUnavailableError,
  TransportError,
} from './index.ts'
import { SctpOption } from './structures.ts'
import { FakeClock } from './testing/index.ts'

const { EPROTONOSUPPORT, EINPROGRESS, ECONNREFUSED, EADDRNOTAVAIL } = constants.errno
const IPPROTO_SCTP = 132
const FD = 77

/** A kernel as the test wants it. Option values are kept by level and number. */
class FakeKernel implements Libc {
  socketResult = FD
  failing: number | undefined
  lastErrno = EINPROGRESS
  state: number | undefined = 2
  pendingErrno = 0
  readonly closed: number[] = []
  readonly set: [option: number, value: Uint8Array][] = []

  socket(): number {
    return this.socketResult
  }
  setsockopt(_fd: number, level: number, option: number, value: Uint8Array): number {
    if (level === IPPROTO_SCTP) this.set.push([option, value])
    return option === SctpOption.connectx || option === this.failing ? -1 : 0
  }
  getsockopt(_fd: number, level: number, _option: number, value: Uint8Array): number {
    const octets = Buffer.from(value.buffer, value.byteOffset, value.length)
    if (level !== IPPROTO_SCTP) {
      octets.writeInt32LE(this.pendingErrno)
      return 0
    }
    octets.writeInt32LE(this.state ?? 0, 4)
    return this.state === undefined ? -1 : 0
  }
  close(fd: number): number {
    return this.closed.push(fd)
  }
  errno(): number {
    return this.lastErrno
  }
}

const peer = { transport: 'sctp', hosts: ['127.0.0.1', '127.0.0.2'], port: 2905, payloadProtocol: 3 } as const

function connect(kernel: FakeKernel, clock = new FakeClock(), signal?: AbortSignal) {
  return connectSctp(peer, { clock, loadLibc: () => Promise.resolve(kernel) }, signal)
}

function isTransportError(fault: string) {
  return (error: unknown) => error instanceof TransportError && error.fault === fault
}

test('a kernel without SCTP: a typed error that says what to load', async () => {
  const kernel = new FakeKernel()
  kernel.socketResult = -1
  kernel.lastErrno = EPROTONOSUPPORT
  await assert.rejects(connect(kernel), (error: unknown) => {
    assert.ok(error instanceof SctpUnavailableError)
    assert.equal(error.lack, 'kernel')
    assert.match(error.message, /modprobe sctp/)
    return true
  })
  const listening = listenSctp(peer, () => {}, { loadLibc: () => Promise.resolve(kernel) })
  await assert.rejects(listening, SctpUnavailableError)
})

test('a platform without SCTP: a typed error', async () => {
  await assert.rejects(loadLibc('win32'), { name: 'SctpUnavailableError', lack: 'platform' })
})

test('RFC 6458 §9.9: connectx names every address of the peer, and failure detection is set before', async () => {
  const kernel = new FakeKernel()
  const abort = new AbortController()
  const clock = new FakeClock()
  const connecting = connect(kernel, clock, abort.signal)
  await setImmediate()
  const options = kernel.set.map(([option]) => option)
  assert.equal(options.at(-1), SctpOption.connectx)
  for (const it of ['initMessage', 'rtoInfo', 'associationInfo', 'peerAddressParameters', 'noDelay'] as const)
    assert.ok(options.includes(SctpOption[it]), it)
  assert.equal(kernel.set.at(-1)?.[1].length, 32)
  abort.abort()
  clock.advance(100)
  await assert.rejects(connecting, isTransportError('aborted'))
  assert.deepEqual(kernel.closed, [FD])
})

test('an unreachable peer: the own connect timer ends the attempt and closes the descriptor', async () => {
  const kernel = new FakeKernel()
  const clock = new FakeClock()
  const connecting = connect(kernel, clock)
  await setImmediate()
  clock.advance(4_900)
  assert.deepEqual(kernel.closed, [])
  clock.advance(200)
  await assert.rejects(connecting, isTransportError('timeout'))
  assert.deepEqual([kernel.closed, clock.pending], [[FD], 0])
})

test('a peer that aborts: refused, with the reason of the kernel', async () => {
  const kernel = new FakeKernel()
  const clock = new FakeClock()
  const connecting = connect(kernel, clock)
  await setImmediate()
  kernel.state = undefined
  kernel.pendingErrno = ECONNREFUSED
  clock.advance(50)
  await assert.rejects(connecting, (error: Error) => {
    assert.match(error.message, /ECONNREFUSED/)
    return isTransportError('refused')(error)
  })
})

test('an own address that is not there: the error names it', async () => {
  const kernel = new FakeKernel()
  kernel.failing = SctpOption.bindxAdd
  kernel.lastErrno = EADDRNOTAVAIL
  const listening = listenSctp(peer, () => {}, { loadLibc: () => Promise.resolve(kernel) })
  await assert.rejects(listening, (error: Error) => {
    assert.match(error.message, /127\.0\.0\.1,127\.0\.0\.2:2905: EADDRNOTAVAIL/)
    return isTransportError('address')(error)
  })
  assert.deepEqual(kernel.closed, [FD])
})
