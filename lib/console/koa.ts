import type { KoaContextWithOIDC } from 'oidc-provider'

/*
 * Koa's types, taken from oidc-provider. A strict package manager hides @types/koa from this package. Named this way, they need no
 * `esModuleInterop` in the integrator's project.
 */

/** Koa's context. */
export type Context = KoaContextWithOIDC['request']['ctx']

/** A Koa application. */
export type Application = Context['app']
