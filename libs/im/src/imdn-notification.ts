import { buildCpim } from './cpim/build.ts'

const IMDN_XML_NAMESPACE = 'urn:ietf:params:xml:ns:imdn'
const INTERWORKING_NAMESPACE = 'urn:oma:xml:cpm:imdn-extensions:1.0'

/** The element of each notification, with its status (RFC 5438 §11.1.1, and CPM's interworking extension). */
const STATUS_ELEMENTS = {
  delivered: '<delivery-notification><status><delivered/></status></delivery-notification>',
  failed: '<delivery-notification><status><failed/></status></delivery-notification>',
  processed: '<processing-notification><status><processed/></status></processing-notification>',
  'legacy-sms': interworking('<legacy-sms/>'),
  error: interworking('<error/>'),
} as const
export type ImdnKind = keyof typeof STATUS_ELEMENTS

/** A disposition notification (RFC 5438 §7.2.1.1). */
export interface ImdnNotification {
  readonly kind: ImdnKind
  /** Identifies this notification, not the message it is about. */
  readonly ownMessageId: string
  /** RFC 3339: when it was made. */
  readonly ownDateTime: string
  /** Message-ID and DateTime of the message, as received. */
  readonly messageId: string
  readonly dateTime: string
  /** Identities of CPIM From and To. */
  readonly from: string
  readonly to: string
  readonly recipientUri: string
  readonly originalTo?: string
  /** IMDN-Record-Route of the message, in its order. */
  readonly recordRoute: readonly string[]
}

/**
 * Writes the notification as message/cpim around message/imdn+xml. It asks for no notification itself. Throws
 * `EncodeError` for URIs that have no wire form.
 */
export function buildImdn(imdn: ImdnNotification): Buffer {
  return buildCpim({
    from: { uri: imdn.from },
    to: [{ uri: imdn.to }],
    dateTime: imdn.ownDateTime,
    imdn: { messageId: imdn.ownMessageId, route: imdn.recordRoute },
    content: {
      type: 'message/imdn+xml',
      disposition: 'notification',
      octets: Buffer.from(xmlOf(imdn)),
    },
  })
}

function xmlOf({ kind, messageId, dateTime, recipientUri, originalTo }: ImdnNotification): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<imdn xmlns="${IMDN_XML_NAMESPACE}">`,
    element('message-id', messageId),
    element('datetime', dateTime),
    element('recipient-uri', recipientUri),
    ...(originalTo === undefined ? [] : [element('original-recipient-uri', originalTo)]),
    STATUS_ELEMENTS[kind],
    '</imdn>',
    '',
  ].join('\r\n')
}

function interworking(status: string): string {
  const name = 'interworking-notification'
  return `<${name} xmlns="${INTERWORKING_NAMESPACE}"><status>${status}</status></${name}>`
}

function element(name: string, value: string): string {
  return `<${name}>${escapeText(value)}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Values come from whoever sent the message: nothing of them is markup, and what XML cannot hold is left out. */
function escapeText(value: string): string {
  return (
    value
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 §2.2 forbids.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? '')
  )
}
