export type { DeferralCount, DeferralStats, PendingStats } from './back_office/counting.js'
export type { Erasure, ErasureTarget } from './back_office/erasure.js'
export type { ExportQuery } from './back_office/export.js'
export type { DeferralListing, ListQuery } from './back_office/listing.js'
export type {
  ListedNotification,
  NotificationListing,
  NotificationQuery,
  Notifications,
} from './back_office/notifications.js'
export type { ListFilter } from './back_office/selection.js'
export type { Reviewed, Transition } from './back_office/transition.js'
export { configure } from './configure.js'
export type { Allowance } from './deferral/allowance.js'
export type { Assignment, Comment } from './deferral/assignment_transitions.js'
export type { Actor, Approval, Denial, Withdrawal } from './deferral/decision.js'
export type {
  Assignee,
  Binding,
  By,
  Decision,
  Deferral,
  DeferralStatus,
  Directness,
  Granted,
  HistoryEntry,
  Interaction,
  Json,
  JsonObject,
  Profile,
  Progress,
  Vote,
} from './deferral/deferral.js'
export type { DeferralRecord, DeferredRequest, StoredAnswer } from './deferral/deferral_record.js'
export type { DeferralEvent } from './deferral/events.js'
export type { Leg, LegRecord } from './deferral/leg.js'
export type { Narrowing } from './deferral/narrow.js'
export type {
  Notification,
  NotificationRecord,
  NotificationStatus,
  Sealing,
  Settlement,
} from './deferral/notification.js'
export type {
  CountQuery,
  DeferralFilter,
  DeferralQuery,
  DueQuery,
  FilterStatus,
  ListedStatus,
  ListOrder,
  ListPosition,
  QueueStats,
} from './deferral/queries.js'
export type {
  Change,
  DeferralStore,
  ListedRecord,
  OnChange,
  Stored,
  StoredEntry,
  Swap,
  Watch,
} from './deferral/store.js'
export type { TakeStep, TaskStep, TaskWork } from './deferral/task.js'
export type { TaskRecord } from './deferral/task_record.js'
export type { CappedRequest } from './host/emit.js'
export type { DeferralContext, DeferralEvidence, Deferrals, DeferringConfiguration } from './host/types.js'
export { install } from './install.js'
export type { CibaOptions, ReachOut } from './options/ciba.js'
export type { DeferAnswer, DeferRequest, Deferring, Obstacle, ReconsiderAnswer } from './options/defer.js'
export type {
  Addresses,
  DeferredTokenResponseOptions,
  DeferringClientMetadata,
  HostConfiguration,
  NotificationOptions,
} from './options/options.js'
export type { DirectOptions, OauthOptions, ProfileOptions } from './options/profiles.js'
export type { DeferrableGrant } from './protocol/oauth/custom_grants.js'
export { registerDeferrableGrant } from './protocol/oauth/deferrable_grant.js'
export { type DeferredConfiguration, Provider, Provider as default } from './provider.js'
export { memoryStore } from './store/memory.js'
