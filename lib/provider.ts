import { Provider as HostProvider } from 'oidc-provider'
import { configure } from './configure.js'
import type { Deferrals } from './host/types.js'
import { install } from './install.js'
import type { DeferredTokenResponseOptions, HostConfiguration } from './options/options.js'

type Features = NonNullable<HostConfiguration['features']>

/** The host's configuration with `features.deferredTokenResponse`. */
export type DeferredConfiguration = Omit<HostConfiguration, 'features'> & {
  features?: (Features & { deferredTokenResponse?: DeferredTokenResponseOptions | undefined }) | undefined
}

/** oidc-provider's `Provider` with this plugin: `configure` and `install` in one. */
export class Provider extends HostProvider {
  /** the back office; undefined if the feature is not enabled */
  declare readonly deferrals: Deferrals

  constructor(issuer: string, setup: DeferredConfiguration = {}) {
    const { features, ...configuration } = setup
    const { deferredTokenResponse = { enabled: false }, ...hostFeatures } = features ?? {}
    super(issuer, configure({ ...configuration, ...(features && { features: hostFeatures }) }, deferredTokenResponse))
    install(this, deferredTokenResponse)
  }
}
