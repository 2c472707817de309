import {
  type AbortReason,
  type BeginIndication,
  type Dialogue,
  type DialogueUser,
  PAbortCause,
  type TcapUser,
  UserDiagnostic,
} from '@ipsmgw/tcap'
import { encodeDialoguePdu } from './dialogue.ts'
import { IncomingDialogue, type MapServerDependencies } from './incoming-dialogue.ts'
import {
  type ApplicationContext,
  CONTEXTS,
  type ContextName,
  contextOf,
  contextOid,
  type MapVersion,
} from './messages.ts'
import { OPERATIONS, type OperationName } from './operations.ts'

export interface MapServerOptions {
  /** Newest version that is taken, per context. With 1 there is no dialogue portion, as in an old node. */
  readonly newest?: Readonly<Partial<Record<ContextName, MapVersion>>>
}

const NO_USER: DialogueUser = () => {}

/** Takes the dialogues that others begin, and asks the handlers. What has no handler is not supported. */
export class MapServer implements TcapUser {
  readonly #options: MapServerOptions
  readonly #dependencies: MapServerDependencies
  readonly #contexts: ReadonlySet<ContextName>

  constructor(options: MapServerOptions, dependencies: MapServerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    const names = Object.keys(dependencies.handlers) as OperationName[]
    this.#contexts = new Set(names.map((name) => OPERATIONS[name].context))
  }

  onBegin(dialogue: Dialogue, indication: BeginIndication): DialogueUser {
    const { aarq } = indication
    const context = aarq === undefined ? undefined : contextOf(aarq.applicationContext)
    if (aarq !== undefined && !this.#accepts(context)) {
      dialogue.abort(this.#refusal(aarq.applicationContext, context))
      return NO_USER
    }
    const incoming = new IncomingDialogue(dialogue, this.#dependencies, context, indication)
    incoming.receive(indication.components)
    return (later) => {
      if (later.kind === 'continue') incoming.receive(later.components)
    }
  }

  #accepts(context: ApplicationContext | undefined): context is ApplicationContext {
    return (
      context !== undefined &&
      this.#contexts.has(context.name) &&
      context.version <= this.#newest(context.name)
    )
  }

  #newest(name: ContextName): MapVersion {
    return this.#options.newest?.[name] ?? CONTEXTS[name].newest
  }

  /** TS 29.002 §5.4: names the version that would do; a node of version 1 does not even know what to refuse. */
  #refusal(applicationContext: string, context: ApplicationContext | undefined): AbortReason {
    const newest = context && this.#contexts.has(context.name) ? this.#newest(context.name) : undefined
    if (newest === 1) return { pAbortCause: PAbortCause.incorrectTransactionPortion }
    const refuse = {
      applicationContext,
      diagnostic: { source: 'user', code: UserDiagnostic.contextNotSupported },
    } as const
    if (context === undefined || newest === undefined) return { refuse }
    const alternativeApplicationContext = contextOid({ name: context.name, version: newest })
    const userInformation = encodeDialoguePdu({ pdu: 'refuse', reason: 0, alternativeApplicationContext })
    return { refuse: { ...refuse, userInformation } }
  }
}
