/** Values of enumerated AVPs and masks of bit fields, under the names of their standards. */

/** Redirect-Host-Usage, RFC 6733 6.13. */
export const RedirectHostUsage = {
  DONT_CACHE: 0,
  ALL_SESSION: 1,
  ALL_REALM: 2,
  REALM_AND_APPLICATION: 3,
  ALL_APPLICATION: 4,
  ALL_HOST: 5,
  ALL_USER: 6,
} as const

/** Session-Server-Failover, RFC 6733 8.18. */
export const SessionServerFailover = {
  REFUSE_SERVICE: 0,
  TRY_AGAIN: 1,
  ALLOW_SERVICE: 2,
  TRY_AGAIN_ALLOW_SERVICE: 3,
} as const

/** Disconnect-Cause, RFC 6733 5.4.3. */
export const DisconnectCause = {
  REBOOTING: 0,
  BUSY: 1,
  DO_NOT_WANT_TO_TALK_TO_YOU: 2,
} as const

/** Auth-Request-Type, RFC 6733 8.7. */
export const AuthRequestType = {
  AUTHENTICATE_ONLY: 1,
  AUTHORIZE_ONLY: 2,
  AUTHORIZE_AUTHENTICATE: 3,
} as const

/** Auth-Session-State, RFC 6733 8.11. */
export const AuthSessionState = {
  STATE_MAINTAINED: 0,
  NO_STATE_MAINTAINED: 1,
} as const

/** Termination-Cause, RFC 6733 8.15. */
export const TerminationCause = {
  DIAMETER_LOGOUT: 1,
  DIAMETER_SERVICE_NOT_PROVIDED: 2,
  DIAMETER_BAD_ANSWER: 3,
  DIAMETER_ADMINISTRATIVE: 4,
  DIAMETER_LINK_BROKEN: 5,
  DIAMETER_AUTH_EXPIRED: 6,
  DIAMETER_USER_MOVED: 7,
  DIAMETER_SESSION_TIMEOUT: 8,
} as const

/** Inband-Security-Id, RFC 6733 6.10. */
export const InbandSecurityId = {
  NO_INBAND_SECURITY: 0,
  TLS: 1,
} as const

/** OC-Feature-Vector, RFC 7683 7.2; masks. */
export const OcFeatureVector = {
  OLR_DEFAULT_ALGO: 0x01,
} as const

/** OC-Report-Type, RFC 7683 7.6, RFC 8581. */
export const OcReportType = {
  HOST_REPORT: 0,
  REALM_REPORT: 1,
  PEER_REPORT: 2,
} as const

/** Load-Type, RFC 8583 7.2. */
export const LoadType = {
  HOST: 0,
  PEER: 1,
} as const

/** Data-Reference, TS 29.329 6.3.4. */
export const DataReference = {
  RepositoryData: 0,
  IMSPublicIdentity: 10,
  IMSUserState: 11,
  'S-CSCFName': 12,
  InitialFilterCriteria: 13,
  LocationInformation: 14,
  UserState: 15,
  ChargingInformation: 16,
  MSISDN: 17,
  PSIActivation: 18,
  DSAI: 19,
  ServiceLevelTraceInfo: 21,
  IPAddressSecureBindingInformation: 22,
  ServicePriorityLevel: 23,
  SMSRegistrationInfo: 24,
  UEReachabilityForIP: 25,
  TADSinformation: 26,
  'STN-SR': 27,
  'UE-SRVCC-Capability': 28,
  ExtendedPriority: 29,
  CSRN: 30,
  ReferenceLocationInformation: 31,
  IMSI: 32,
  IMSPrivateUserIdentity: 33,
  IMEISV: 34,
  'UE-5G-SRVCC-Capability': 35,
} as const

/** Subs-Req-Type, TS 29.329 6.3.6. */
export const SubsReqType = {
  Subscribe: 0,
  Unsubscribe: 1,
} as const

/** Requested-Domain, TS 29.329 6.3.7. */
export const RequestedDomain = {
  'CS-Domain': 0,
  'PS-Domain': 1,
} as const

/** Current-Location, TS 29.329 6.3.8. */
export const CurrentLocation = {
  DoNotNeedInitiateActiveLocationRetrieval: 0,
  InitiateActiveLocationRetrieval: 1,
} as const

/** Identity-Set, TS 29.329 6.3.10. */
export const IdentitySet = {
  ALL_IDENTITIES: 0,
  REGISTERED_IDENTITIES: 1,
  IMPLICIT_IDENTITIES: 2,
  ALIAS_IDENTITIES: 3,
} as const

/** Send-Data-Indication, TS 29.329 6.3.17. */
export const SendDataIndication = {
  USER_DATA_NOT_REQUESTED: 0,
  USER_DATA_REQUESTED: 1,
} as const

/** One-Time-Notification, TS 29.329 6.3.22. */
export const OneTimeNotification = {
  ONE_TIME_NOTIFICATION_REQUESTED: 0,
} as const

/** Requested-Nodes, TS 29.329 6.3.7A; masks. */
export const RequestedNodes = {
  MME: 0x01,
  SGSN: 0x02,
  '3GPP-AAA-SERVER-TWAN': 0x04,
  AMF: 0x08,
} as const

/** Serving-Node-Indication, TS 29.329 6.3.23. */
export const ServingNodeIndication = {
  ONLY_SERVING_NODES_REQUIRED: 0,
} as const

/** Pre-paging-Supported, TS 29.329 6.3.26. */
export const PrePagingSupported = {
  PREPAGING_NOT_SUPPORTED: 0,
  PREPAGING_SUPPORTED: 1,
} as const

/** Local-Time-Zone-Indication, TS 29.329 6.3.27. */
export const LocalTimeZoneIndication = {
  ONLY_LOCAL_TIME_ZONE_REQUESTED: 0,
  LOCAL_TIME_ZONE_WITH_LOCATION_INFO_REQUESTED: 1,
} as const

/** UDR-Flags, TS 29.329 6.3.28; masks. */
export const UdrFlags = {
  'Location-Information-EPS-Supported': 0x01,
  'RAT-Type-Requested': 0x02,
} as const

/** Current-Location-Retrieved, TS 29.272 7.3. */
export const CurrentLocationRetrieved = {
  'ACTIVE-LOCATION-RETRIEVAL': 0,
} as const

/** MPS-Priority, TS 29.272 7.3.131; masks. */
export const MpsPriority = {
  'MPS-CS-Priority': 0x01,
  'MPS-EPS-Priority': 0x02,
} as const

/** CSG-Access-Mode, TS 32.299. */
export const CsgAccessMode = {
  'Closed mode': 0,
  'Hybrid mode': 1,
} as const

/** CSG-Membership-Indication, TS 32.299. */
export const CsgMembershipIndication = {
  'Not CSG member': 0,
  'CSG Member': 1,
} as const

/** TFR-Flags, TS 29.338 6.3.3.4; masks. */
export const TfrFlags = {
  'More-Messages-To-Send': 0x01,
} as const

/** SM-Enumerated-Delivery-Failure-Cause, TS 29.338 6.3.3.6. */
export const SmEnumeratedDeliveryFailureCause = {
  MEMORY_CAPACITY_EXCEEDED: 0,
  EQUIPMENT_PROTOCOL_ERROR: 1,
  'EQUIPMENT_NOT_SM-EQUIPPED': 2,
  UNKNOWN_SERVICE_CENTRE: 3,
  'SC-CONGESTION': 4,
  'INVALID_SME-ADDRESS': 5,
  'USER_NOT_SC-USER': 6,
} as const

/** SM-RP-MTI, TS 29.338 5.3.3.2. */
export const SmRpMti = {
  SM_DELIVER: 0,
  SM_STATUS_REPORT: 1,
} as const

/** SRR-Flags, TS 29.338 5.3.3.4; masks. */
export const SrrFlags = {
  'GPRS-Indicator': 0x01,
  'SM-RP-PRI': 0x02,
  'Single-Attempt-Delivery': 0x04,
} as const

/** SM-Delivery-Not-Intended, TS 29.338 5.3.3.5. */
export const SmDeliveryNotIntended = {
  ONLY_IMSI_REQUESTED: 0,
  ONLY_MCC_MNC_REQUESTED: 1,
} as const

/** MWD-Status, TS 29.338 5.3.3.8; masks. */
export const MwdStatus = {
  'SC-Address-Not-Included': 0x01,
  'MNRF-Set': 0x02,
  'MCEF-Set': 0x04,
  'MNRG-Set': 0x08,
  'MNR5G-Set': 0x10,
  'MNR5GN3G-Set': 0x20,
} as const

/** SM-Delivery-Cause, TS 29.338 5.3.3.19. */
export const SmDeliveryCause = {
  UE_MEMORY_CAPACITY_EXCEEDED: 0,
  ABSENT_USER: 1,
  SUCCESSFUL_TRANSFER: 2,
} as const

/** RDR-Flags, TS 29.338 5.3.3.21; masks. */
export const RdrFlags = {
  'Single-Attempt-Delivery': 0x01,
} as const

/** OFR-Flags, TS 29.338 6.3.3.12; masks. */
export const OfrFlags = {
  'S6a/S6d-Indicator': 0x01,
} as const

/** SMS-GMSC-Alert-Event, TS 29.338 5.3.3.23; masks. */
export const SmsGmscAlertEvent = {
  'UE-Available-For-MT-SMS': 0x01,
  'UE-Under-New-Serving-Node': 0x02,
} as const

/** SMSF-3GPP-, SMSF-Non-3GPP- and IP-SM-GW-SBI-Support-Indicator, TS 29.338 5.3.3.37. */
export const SbiSupportIndicator = {
  NOT_SUPPORT_SBI: 0,
  SUPPORT_SBI: 1,
} as const
