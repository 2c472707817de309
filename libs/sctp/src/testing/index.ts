export { FakeClock } from './fake-clock.ts'
export { FakeTransport } from './fake-transport.ts'
