import { deadLetter } from './dead-letter.ts'
import { imReceived } from './im-received.ts'
import { imdnOutbox } from './imdn-outbox.ts'
import { messageCompleted } from './message-completed.ts'
import { messageRefused } from './message-refused.ts'
import { recipientAvailable } from './recipient-available.ts'
import { sipFinal } from './sip-final.ts'
import { smOutcome } from './sm-outcome.ts'
import { smPrepared } from './sm-prepared.ts'
import { smReports } from './sm-reports.ts'
import { smRouted } from './sm-routed.ts'
import { hssRoutingStrays, smDeliveryStrays } from './strays.ts'
import { tapEvent } from './tap-event.ts'

export { type DeadLetter, deadLetter } from './dead-letter.ts'
export { defineTopic, MAXIMUM_RECORD_OCTETS, type TopicOptions } from './define.ts'
export { type Envelope, envelopeOf } from './envelope.ts'
export { EventError } from './errors.ts'
export { type ImReceived, imReceived } from './im-received.ts'
export {
  type ImdnOutbox,
  imdnOutbox,
  NOTIFICATION_OUTCOMES,
  NOTIFICATIONS,
  type Notification,
  type NotificationOutcome,
  type NotificationToSend,
} from './imdn-outbox.ts'
export {
  type MessageCompleted,
  messageCompleted,
  type NotificationRequest,
  type SipFinalStatus,
  type TimelineEntry,
} from './message-completed.ts'
export { type MessageRefused, messageRefused } from './message-refused.ts'
export { type RecipientAvailable, recipientAvailable } from './recipient-available.ts'
export { SIP_FINAL_PARTITIONS, type SipFinal, type SipFinalResult, sipFinal } from './sip-final.ts'
export {
  type Home,
  type NodeOutcome,
  type SmOutcome,
  type SmsmiCorrelation,
  smOutcome,
} from './sm-outcome.ts'
export { type Routing, type SmPrepared, smPrepared } from './sm-prepared.ts'
export { REPORT_STEPS, type ReportStep, type SmReport, smReports } from './sm-reports.ts'
export { ServingNode, type SmRouted, smRouted } from './sm-routed.ts'
export { hssRoutingStrays, type Stray, smDeliveryStrays } from './strays.ts'
export { type TapEvent, type TapOutcome, tapEvent } from './tap-event.ts'
export type { Topic } from './topic.ts'

/** All topics of the bus. */
export const TOPICS = [
  imReceived,
  smPrepared,
  smRouted,
  smReports,
  sipFinal,
  messageCompleted,
  messageRefused,
  smOutcome,
  recipientAvailable,
  imdnOutbox,
  tapEvent,
  hssRoutingStrays,
  smDeliveryStrays,
  deadLetter,
] as const
