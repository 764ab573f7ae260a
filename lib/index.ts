export { configure } from './configure.js'
export type { Approval, Denial } from './deferral/decision.js'
export type {
  Binding,
  Decision,
  Deferral,
  DeferralRecord,
  DeferralStatus,
  DeferredRequest,
  Interaction,
  Json,
  JsonObject,
  KeptAnswer,
  Profile,
  Progress,
} from './deferral/deferral.js'
export type { Deferrals, Transition } from './deferral/deferrals.js'
export type { DeferralEvent } from './deferral/events.js'
export type { DeferralListing, ListQuery } from './deferral/listing.js'
export type {
  Notification,
  NotificationRecord,
  NotificationStatus,
  Sealing,
  Settlement,
} from './deferral/notification.js'
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
export { install } from './install.js'
export { type DeferrableGrant, registerDeferrableGrant } from './oauth/deferrable_grant.js'
export type {
  DeferRequest,
  DeferredTokenResponseOptions,
  Deferring,
  DeferringClientMetadata,
  HostConfiguration,
  NotificationOptions,
} from './options.js'
export { type DeferredConfiguration, Provider } from './provider.js'
export { memoryStore } from './stores/memory.js'
