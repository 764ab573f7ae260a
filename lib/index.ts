export { configure } from './configure.js'
export type { Approval, Denial } from './deferral/decision.js'
export type {
  Binding,
  Decision,
  Deferral,
  DeferralRecord,
  DeferralStatus,
  DeferredRequest,
  Granted,
  Interaction,
  Json,
  JsonObject,
  KeptAnswer,
  Profile,
  Progress,
} from './deferral/deferral.js'
export type { Transition } from './deferral/deferrals.js'
export type { DeferralEvent } from './deferral/events.js'
export type { DeferralListing, ListQuery } from './deferral/listing.js'
export type { Narrowing } from './deferral/narrow.js'
export type {
  Notification,
  NotificationRecord,
  NotificationStatus,
  Sealing,
  Settlement,
} from './deferral/notification.js'
export type {
  ListedNotification,
  NotificationListing,
  NotificationQuery,
  Notifications,
} from './deferral/notifications.js'
export type {
  Change,
  CountQuery,
  DeferralFilter,
  DeferralQuery,
  DeferralStore,
  DueQuery,
  HistoryEntry,
  Stored,
  StoredEntry,
} from './deferral/store.js'
export type { DeferralContext, DeferralEvidence, Deferrals, DeferringConfiguration } from './host_types.js'
export { install } from './install.js'
export { type DeferrableGrant, registerDeferrableGrant } from './oauth/deferrable_grant.js'
export type {
  Addresses,
  DeferRequest,
  DeferredTokenResponseOptions,
  Deferring,
  DeferringClientMetadata,
  HostConfiguration,
  NotificationOptions,
  Obstacle,
} from './options.js'
export { type DeferredConfiguration, Provider, Provider as default } from './provider.js'
export { memoryStore } from './stores/memory.js'
