/*
 * What the plugin adds to the host's types. `ctx.oidc.entities` has no name there, so TypeScript lets nobody add to it: callbacks
 * of a configuration get a context of ours instead.
 */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Deferral, JsonObject } from './deferral/deferral.js'
import type { Deferrals as BackOffice } from './deferral/deferrals.js'
import type { DeferralEvent } from './deferral/events.js'

/** What the end-user did on the way, for reviewers: plain JSON, at most 16 KiB. */
export interface DeferralEvidence {
  context?: JsonObject | undefined
}

/** The back office of deferred requests, see its methods; an interface, so that tests can stand in for it. */
export type Deferrals = Pick<BackOffice, keyof BackOffice>

// names in here are looked up in the host's types first
declare module 'oidc-provider' {
  interface Provider {
    /** the back office; undefined where the plugin is not installed, or not enabled */
    readonly deferrals: Deferrals

    addListener(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    on(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    once(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
  }

  interface InteractionResults {
    deferral?: DeferralEvidence | undefined
  }
}

/** The host's context. `ctx.oidc.entities.Deferral` is there while a deferral is created, exchanged, polled or redeemed. */
export type DeferralContext = KoaContextWithOIDC & {
  oidc: { readonly entities: { readonly Deferral?: Deferral | undefined } }
}

type Callback<T> = T extends (ctx: KoaContextWithOIDC, ...rest: infer Rest) => infer Result
  ? (ctx: DeferralContext, ...rest: Rest) => Result
  : T

type Callbacks<T> = { [K in keyof T]: Callback<T[K]> }

type NestedCallbacks<T> = { [K in keyof T]: Callbacks<T[K]> }

type Features = NestedCallbacks<NonNullable<Configuration['features']>>

type Nested = Pick<Configuration, 'interactions' | 'ttl'>

/** The host's configuration, its callbacks with a `DeferralContext`. */
export type DeferringConfiguration = Callbacks<Omit<Configuration, 'features' | keyof Nested>> &
  NestedCallbacks<Nested> & { features?: Features | undefined }
