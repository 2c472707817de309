import { SctpUnavailableError } from './errors.ts'

/** The C functions an SCTP socket needs. Each gives what C gives; -1 leaves its reason in `errno`. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number
  /** Fills `value`; its start may be input (SCTP_STATUS reads the association id). */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): number
  close(fd: number): number
  errno(): number
}

/**
 * Binds the C library of this process by FFI. `koffi` is loaded here and nowhere else, so that a process without
 * SCTP never needs it. Rejects with `SctpUnavailableError`.
 */
export async function loadLibc(platform: string = process.platform): Promise<Libc> {
  if (platform !== 'linux') throw new SctpUnavailableError('platform')
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    throw new SctpUnavailableError('ffi', { cause })
  })
  const process = koffi.load(null)
  const setsockopt = process.func('int setsockopt(int, int, int, const uint8_t *, uint32_t)')
  const getsockopt = process.func('int getsockopt(int, int, int, uint8_t *, uint32_t *)')
  return {
    socket: process.func('int socket(int, int, int)') as Libc['socket'],
    close: process.func('int close(int)') as Libc['close'],
    errno: () => koffi.errno(),
    setsockopt: (fd, level, option, value) => setsockopt(fd, level, option, value, value.length) as number,
    getsockopt: (fd, level, option, value) =>
      getsockopt(fd, level, option, value, Uint32Array.of(value.length)) as number,
  }
}
