import { DeregistrationStatus, RegistrationStatus, TrafficMode } from '../messages.ts'
import type { DeregistrationResult, RegistrationResult, RoutingKey } from '../parameters.ts'
import type { Member, ServedAs } from './served-as.ts'
import type { ServedAsOptions } from './server-types.ts'

interface Registered {
  readonly server: ServedAs
  readonly members: Set<Member>
}

/** Application servers that ASPs have registered (RFC 4666 §3.6): they live as long as an ASP holds them. */
export class Registrations {
  readonly #most: number
  readonly #create: (options: ServedAsOptions) => ServedAs
  readonly #registered = new Map<number, Registered>()
  #lastContext = 0

  constructor(most: number, create: (options: ServedAsOptions) => ServedAs) {
    this.#most = most
    this.#create = create
  }

  /** All of them, or those of one ASP. */
  servers(member?: Member): ServedAs[] {
    const all = [...this.#registered.values()]
    return all
      .filter(({ members }) => member === undefined || members.has(member))
      .map(({ server }) => server)
  }

  register(key: RoutingKey, member: Member, taken: readonly ServedAs[]): RegistrationResult {
    const { registered, ...refusals } = RegistrationStatus
    const result = (registrationStatus: number, context = 0): RegistrationResult => ({
      localRoutingKeyId: key.localRoutingKeyId ?? 0,
      registrationStatus,
      routingContexts: [context],
    })
    const pointCode = key.destinationPointCodes?.[0]
    const wanted = key.routingContexts?.[0]
    if (this.#most === 0) return result(refusals.permissionDenied)
    if (pointCode === undefined || pointCode.mask !== 0) return result(refusals.invalidDpc)
    const same = this.#find(pointCode.pointCode)
    if (same?.members.has(member))
      return result(refusals.alreadyRegistered, same.server.options.routingContext)
    if (same !== undefined) return this.#join(same, key, member, result)
    if (
      taken.some(
        ({ options }) => options.pointCode === pointCode.pointCode || options.routingContext === wanted,
      )
    )
      return result(refusals.cannotSupportUniqueRouting)
    if (this.#registered.size >= this.#most) return result(refusals.insufficientResources)
    const context = wanted ?? this.#freeContext(taken)
    const { trafficMode } = key
    const mode = Object.values(TrafficMode).find((it) => it === trafficMode)
    if (trafficMode !== undefined && mode === undefined) return result(refusals.unsupportedTrafficMode)
    const options = {
      pointCode: pointCode.pointCode,
      routingContext: context,
      ...(mode && { trafficMode: mode }),
    }
    this.#registered.set(context, { server: this.#create(options), members: new Set([member]) })
    return result(registered, context)
  }

  #join(
    { server, members }: Registered,
    { trafficMode }: RoutingKey,
    member: Member,
    result: (status: number, context?: number) => RegistrationResult,
  ): RegistrationResult {
    if (trafficMode !== undefined && trafficMode !== server.mode)
      return result(RegistrationStatus.unsupportedTrafficMode)
    members.add(member)
    return result(RegistrationStatus.registered, server.options.routingContext)
  }

  deregister(context: number, member: Member): DeregistrationResult {
    const known = this.#registered.get(context)
    const result = (deregistrationStatus: number) => ({ routingContexts: [context], deregistrationStatus })
    if (known === undefined) return result(DeregistrationStatus.invalidRoutingContext)
    if (!known.members.has(member)) return result(DeregistrationStatus.notRegistered)
    if (known.server.stateOf(member) === 'active') return result(DeregistrationStatus.aspActive)
    this.#leave(context, known, member)
    return result(DeregistrationStatus.deregistered)
  }

  /** The ASP is gone. */
  forget(member: Member): void {
    for (const [context, it] of this.#registered) if (it.members.has(member)) this.#leave(context, it, member)
  }

  #leave(context: number, { server, members }: Registered, member: Member): void {
    members.delete(member)
    server.handle(member, 'communicationLost')
    server.update()
    if (members.size > 0) return
    server.close()
    this.#registered.delete(context)
  }

  #find(pointCode: number): Registered | undefined {
    return [...this.#registered.values()].find(({ server }) => server.options.pointCode === pointCode)
  }

  #freeContext(taken: readonly ServedAs[]): number {
    do this.#lastContext++
    while (taken.some(({ options }) => options.routingContext === this.#lastContext))
    return this.#lastContext
  }
}
