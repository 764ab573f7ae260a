/*
 * Nothing of this runs: the compiler reads it, here and in a project where the package is installed. Every type that a public
 * signature mentions is imported by name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Configuration, Provider as Host, type KoaContextWithOIDC } from 'oidc-provider'
import DefaultProvider, {
  type Actor,
  type Addresses,
  type Approval,
  type Assignee,
  type Assignment,
  type Binding,
  type By,
  type Change,
  type Comment,
  type CountQuery,
  configure,
  type Decision,
  type DeferRequest,
  type DeferrableGrant,
  type Deferral,
  type DeferralContext,
  type DeferralCount,
  type DeferralEvent,
  type DeferralEvidence,
  type DeferralFilter,
  type DeferralListing,
  type DeferralQuery,
  type DeferralRecord,
  type DeferralStats,
  type DeferralStatus,
  type DeferralStore,
  type Deferrals,
  type DeferredConfiguration,
  type DeferredRequest,
  type DeferredTokenResponseOptions,
  type Deferring,
  type DeferringClientMetadata,
  type DeferringConfiguration,
  type Denial,
  type DueQuery,
  type ExportQuery,
  type FilterStatus,
  type Granted,
  type HistoryEntry,
  type HostConfiguration,
  type Interaction,
  install,
  type Json,
  type JsonObject,
  type ListedNotification,
  type ListedRecord,
  type ListedStatus,
  type ListFilter,
  type ListOrder,
  type ListPosition,
  type ListQuery,
  memoryStore,
  type Narrowing,
  type Notification,
  type NotificationListing,
  type NotificationOptions,
  type NotificationQuery,
  type NotificationRecord,
  type NotificationStatus,
  type Notifications,
  type Obstacle,
  type OnChange,
  type PendingStats,
  type Profile,
  type Progress,
  Provider,
  type QueueStats,
  type Reviewed,
  registerDeferrableGrant,
  type Stored,
  type StoredAnswer,
  type StoredEntry,
  type Transition,
  type Watch,
} from 'oidc-provider-deferred'

export type EveryType = [
  Actor,
  Addresses,
  Approval,
  Assignee,
  Assignment,
  Binding,
  By,
  Change,
  Comment,
  CountQuery,
  Decision,
  DeferRequest,
  Deferral,
  DeferralContext,
  DeferralCount,
  DeferralEvent,
  DeferralEvidence,
  DeferralFilter,
  DeferralListing,
  DeferralQuery,
  DeferralRecord,
  DeferralStats,
  DeferralStatus,
  DeferralStore,
  Deferrals,
  DeferrableGrant,
  DeferredConfiguration,
  DeferredRequest,
  DeferredTokenResponseOptions,
  Deferring,
  DeferringClientMetadata,
  DeferringConfiguration,
  Denial,
  DueQuery,
  ExportQuery,
  Granted,
  HistoryEntry,
  HostConfiguration,
  Interaction,
  Json,
  JsonObject,
  StoredAnswer,
  ListedNotification,
  ListFilter,
  ListOrder,
  ListPosition,
  ListedRecord,
  OnChange,
  Watch,
  FilterStatus,
  ListedStatus,
  ListQuery,
  Narrowing,
  Notification,
  NotificationListing,
  NotificationOptions,
  Obstacle,
  NotificationQuery,
  NotificationRecord,
  NotificationStatus,
  Notifications,
  PendingStats,
  Profile,
  Progress,
  QueueStats,
  Reviewed,
  Stored,
  StoredEntry,
  Transition,
]

const issuer = 'https://op.example'
const theirs: Configuration = { findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }) }
const options: DeferredTokenResponseOptions = {
  store: memoryStore(),
  defer: (ctx: KoaContextWithOIDC, request) => ctx.oidc.route === 'token' && request.scope.has('payments'),
}

/** The default export is the named one, as the host's is. */
export const provider: Provider = new DefaultProvider(issuer, {
  ...theirs,
  // a callback written for the host goes on fitting, one written here sees the deferral
  extraTokenClaims: (ctx) => ({ status: statusOf(ctx.oidc.entities.Deferral), route: routeOf(ctx) }),
  ttl: { AccessToken: (ctx) => (ctx.oidc.entities.Deferral?.expired ? 60 : 600) },
  interactions: { url: (ctx, { uid }) => `/${uid}/${ctx.oidc.entities.Deferral?.id}` },
  features: {
    ...theirs.features,
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx) => ctx.oidc.entities.Deferral?.resource ?? [],
    },
    deferredTokenResponse: options,
  },
})
export const named: typeof DefaultProvider = Provider

const statusOf = (deferral: Deferral | undefined): DeferralStatus | undefined => deferral?.status
const routeOf = (ctx: KoaContextWithOIDC): string => ctx.oidc.route

/** In two steps, the deferrals are the host's own. */
export const host = new Host(issuer, configure(theirs, options))
export const installed: Deferrals = install(host, options)
export const known: Deferrals = host.deferrals
export const decided: Promise<Transition> = host.deferrals.approve('id', { by: 'reviewer' })
host.on('deferral.approved', ({ decision }) => decision?.at)
host.on('deferral.overdue', ({ dueAt }) => dueAt?.getTime())
host.once('deferral.capped', ({ cap, limit }) => (cap === 'perAccount' ? limit.toFixed() : undefined))
// @ts-expect-error there is no deferral
host.on('deferral.capped', ({ decision }) => decision)

export const finished = (req: IncomingMessage, res: ServerResponse): Promise<void>[] => [
  host.interactionFinished(req, res, { deferral: { context: { passport: 'evidence/1' } } }),
  // @ts-expect-error context is plain JSON
  host.interactionFinished(req, res, { deferral: { context: { passport: () => 1 } } }),
  // @ts-expect-error there is no such member
  host.interactionFinished(req, res, { deferral: { contexts: {} } }),
]

export const grant: DeferrableGrant<{ scope: string }> = {
  validate: () => ({ scope: 'payments' }),
  issue(ctx, source) {
    ctx.body = { scope: source.scope, client: source.clientId }
  },
}
registerDeferrableGrant(host, 'urn:example:grant', grant)
