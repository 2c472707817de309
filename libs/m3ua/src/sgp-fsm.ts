import { type StateTable, step } from './fsm.ts'

/**
 * The state machines of an SGP (RFC 4666 §4.3.1, §4.3.2) as pure tables: `SERVED_ASP_TABLE` for each ASP in each
 * application server, `AS_TABLE` for the application server.
 */

export const SERVED_ASP_STATES = ['down', 'inactive', 'active'] as const
/** RFC 4666 §4.3.1, figure 3: an ASP in one application server. */
export type ServedAspState = (typeof SERVED_ASP_STATES)[number]

export const SERVED_ASP_EVENTS = [
  'aspUp',
  'aspDown',
  'aspActive',
  'aspInactive',
  'communicationLost',
  'takenOver', // override: another ASP became active
] as const
export type ServedAspEvent = (typeof SERVED_ASP_EVENTS)[number]

export type ServedAspEffect =
  | 'ackUp'
  | 'ackDown'
  | 'ackActive'
  | 'ackInactive'
  | 'errorUnexpected'
  | 'notifyAlternate'

export const SERVED_ASP_TABLE: StateTable<ServedAspState, ServedAspEvent, ServedAspEffect> = {
  down: {
    aspUp: step('inactive', 'ackUp'),
    aspDown: step('down', 'ackDown'),
    aspActive: step('down', 'errorUnexpected'),
    aspInactive: step('down', 'errorUnexpected'),
    communicationLost: step('down'),
    takenOver: step('down'),
  },
  inactive: {
    aspUp: step('inactive', 'ackUp'),
    aspDown: step('down', 'ackDown'),
    aspActive: step('active', 'ackActive'),
    aspInactive: step('inactive', 'ackInactive'),
    communicationLost: step('down'),
    takenOver: step('inactive'),
  },
  active: {
    aspUp: step('inactive', 'ackUp', 'errorUnexpected'),
    aspDown: step('down', 'ackDown'),
    aspActive: step('active', 'ackActive'),
    aspInactive: step('inactive', 'ackInactive'),
    communicationLost: step('down'),
    takenOver: step('inactive', 'notifyAlternate'),
  },
}

export const AS_STATES = ['down', 'inactive', 'active', 'pending'] as const
/** RFC 4666 §4.3.2, figure 4. */
export type AsState = (typeof AS_STATES)[number]

export const AS_EVENTS = [
  'someActive', // an ASP became active
  'noneActive', // no ASP is active, at least one is inactive
  'allDown',
  'timerR', // T(r), and at least one ASP is inactive
  'timerRAllDown',
] as const
export type AsEvent = (typeof AS_EVENTS)[number]

export type AsEffect =
  | 'notifyActive'
  | 'notifyInactive'
  | 'notifyPending'
  | 'startR'
  | 'stopR'
  | 'flush' // what was queued while pending
  | 'discard'
  | 'reportAvailable' // DAVA to the others
  | 'reportUnavailable' // DUNA

export const AS_TABLE: StateTable<AsState, AsEvent, AsEffect> = {
  down: {
    someActive: step('active', 'notifyActive', 'reportAvailable'),
    noneActive: step('inactive', 'notifyInactive'),
    allDown: step('down'),
    timerR: step('down'),
    timerRAllDown: step('down'),
  },
  inactive: {
    someActive: step('active', 'notifyActive', 'reportAvailable'),
    noneActive: step('inactive'),
    allDown: step('down'),
    timerR: step('inactive'),
    timerRAllDown: step('inactive'),
  },
  active: {
    someActive: step('active'),
    noneActive: step('pending', 'startR', 'notifyPending', 'reportUnavailable'),
    allDown: step('pending', 'startR', 'reportUnavailable'),
    timerR: step('active'),
    timerRAllDown: step('active'),
  },
  pending: {
    someActive: step('active', 'stopR', 'notifyActive', 'reportAvailable', 'flush'),
    noneActive: step('pending'),
    allDown: step('pending'),
    timerR: step('inactive', 'discard', 'notifyInactive'),
    timerRAllDown: step('down', 'discard'),
  },
}
