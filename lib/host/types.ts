/*
 * Additions to the host's types. The type of `ctx.oidc.entities` has no name and cannot be augmented. So callbacks of a
 * configuration get a `DeferralContext` instead.
 */
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { Deferrals as BackOffice } from '../back_office/deferrals.js'
import type { Deferral, JsonObject } from '../deferral/deferral.js'
import type { DeferralEvent } from '../deferral/events.js'
import type { CappedRequest } from './emit.js'

/** Evidence from the interactions of the end-user, for reviewers: plain JSON, at most 16 KiB. */
export interface DeferralEvidence {
  context?: JsonObject | undefined
}

/**
 * The back office of deferred requests. An interface, so that tests can replace it.
 *
 * @interface
 */
export type Deferrals = Pick<BackOffice, keyof BackOffice>

// inside this block the host's types hide ours of the same name
declare module 'oidc-provider' {
  interface Provider {
    /** the back office; undefined if the plugin is not installed or not enabled */
    readonly deferrals: Deferrals

    /** Adds a listener of a `deferral.*` event. It gets the deferral. */
    addListener(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    /** Adds a listener of `deferral.capped`: a request was refused because too many wait already. There is no deferral. */
    addListener(event: 'deferral.capped', listener: (request: CappedRequest) => void): this
    /** Adds a listener of a `deferral.*` event. It gets the deferral. */
    on(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    /** Adds a listener of `deferral.capped`: a request was refused because too many wait already. There is no deferral. */
    on(event: 'deferral.capped', listener: (request: CappedRequest) => void): this
    /** Adds a listener of the next `deferral.*` event of this name. It gets the deferral. */
    once(event: `deferral.${DeferralEvent}`, listener: (deferral: Deferral) => void): this
    /** Adds a listener of the next `deferral.capped`: a request was refused because too many wait already. */
    once(event: 'deferral.capped', listener: (request: CappedRequest) => void): this
  }

  interface InteractionResults {
    deferral?: DeferralEvidence | undefined
  }
}

/** The host's context. `ctx.oidc.entities.Deferral` is set while a deferral is created, exchanged, polled or redeemed. */
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

/** The host's configuration. Its callbacks get a `DeferralContext`. */
export type DeferringConfiguration = Callbacks<Omit<Configuration, 'features' | keyof Nested>> &
  NestedCallbacks<Nested> & { features?: Features | undefined }
