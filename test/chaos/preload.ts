// Loaded before a service (`node --import`), to make of it what it is not: a process on a host of its own, as a pod is,
// one whose clock is wrong, or one of the next release. Told by its environment.
import { registerHooks, syncBuiltinESMExports } from 'node:module'
import os from 'node:os'

/** Name of its host. */
export const HOST = 'CHAOS_HOST'
/** Added to what `Date` says, milliseconds. */
export const CLOCK_OFFSET = 'CHAOS_CLOCK_OFFSET_MS'
/** When set: the release that writes every record one version on, with a field that nobody knows yet. */
export const NEXT_RELEASE = 'CHAOS_NEXT_RELEASE'

const host = process.env[HOST]
if (host !== undefined) {
  os.hostname = () => host
  syncBuiltinESMExports()
}

const offsetMs = Number(process.env[CLOCK_OFFSET] ?? 0)
if (offsetMs !== 0) {
  const TrueDate = Date
  const now = () => TrueDate.now() + offsetMs
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new TrueDate(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  })
}

if (process.env[NEXT_RELEASE] !== undefined)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.endsWith('/libs/events/src/define.ts')) return loaded
      const source = String(loaded.source)
      const next = source
        .replace(/const \{ name, version, schema \} = options\n/, (line) =>
          line.replace('version, ', '').concat('  const version = options.version + 1\n'),
        )
        .replace('JSON.stringify(value)', 'JSON.stringify({ ...value, ofTheNextRelease: true })')
      if (next.length < source.length + 50)
        throw new Error('events are defined in another way now: see preload.ts')
      return { ...loaded, source: next }
    },
  })
