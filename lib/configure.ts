import { type Configuration, interactionPolicy } from 'oidc-provider'
import { type Context, paramsOf } from './host/context.js'
import { assertCiba, isCibaOn } from './options/ciba.js'
import { fail } from './options/option_error.js'
import type { DeferredTokenResponseOptions, HostConfiguration, Settings } from './options/options.js'
import { isEnabled, settingsOf } from './options/settings.js'
import { pluginOf } from './plugin.js'
import { leavePreparation, type Preparation } from './preparation.js'
import { withHints } from './protocol/ciba/backchannel_authentication.js'
import { withNotificationEndpoint } from './protocol/client_registration.js'
import { beforeDirectResponse, checkDirectRequest } from './protocol/oauth/direct_authorization.js'
import { checkResponseType } from './protocol/openid/authorization_request.js'
import { beforeResponse } from './protocol/openid/authorization_response.js'

type Prompt = interactionPolicy.Prompt
type Validator = (ctx: Context, value: unknown, client: unknown) => unknown

/**
 * Returns the configuration for the host's constructor. Call `install` with the same options after the constructor. The
 * argument is copied, never changed. With `enabled: false` it is returned unchanged. Throws a `TypeError` for a wrong option;
 * the message starts with the option's path.
 */
export function configure(configuration: HostConfiguration, options: DeferredTokenResponseOptions): Configuration {
  // the host's types do not know our response types
  const hostConfiguration = configuration as Configuration
  if (!isEnabled(options)) return hostConfiguration
  const settings = settingsOf(options)
  const { interactions, extraParams, responseTypes } = hostConfiguration
  const addedCodeGrant = responseTypes !== undefined && !responseTypes.some((type) => type.includes('code'))
  const policy = withLastPrompt(interactions?.policy ?? interactionPolicy.base(), {
    clients: hostConfiguration.clients ?? [],
    addedCodeGrant,
    options,
    settings,
  })
  return {
    ...hostConfiguration,
    extraClientMetadata: withNotificationEndpoint(hostConfiguration, settings),
    extraParams: withParameters(extraParams, settings) as Exclude<Configuration['extraParams'], undefined>,
    ...((settings.profiles.oauth || isCibaOn(settings)) && {
      features: featuresOf(hostConfiguration.features, settings),
    }),
    interactions: { ...interactions, policy },
    ...(addedCodeGrant && { responseTypes: [...responseTypes, 'code'] }),
  }
}

// the copy keeps the class of the integrator's policy, and the methods that were added to it
function withLastPrompt(policy: readonly Prompt[], preparation: Preparation): interactionPolicy.DefaultPolicy {
  const { Check, Prompt } = interactionPolicy
  const check = new Check('deferral', 'decides whether the request is deferred', async (ctx) => {
    const plugin = pluginOf(ctx.oidc.provider)
    if (!plugin)
      throw new TypeError('features.deferredTokenResponse needs install(provider, options) after the constructor')
    if (!(await beforeDirectResponse(ctx, plugin))) await beforeResponse(ctx, plugin)
    return false
  })
  const prompt = new Prompt({ name: 'deferral' }, check)
  leavePreparation(prompt, preparation)
  const copy = Object.assign([...policy, prompt], ownMethods(policy))
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(policy))
}

function ownMethods(policy: object): object {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => !/^\d+$/.test(name)))
}

function featuresOf(features: Configuration['features'], settings: Settings): Configuration['features'] {
  assertCiba(settings, features)
  const bridged = withHints(features, settings.ciba)
  return settings.profiles.oauth ? withRevocation(bridged) : bridged
}

// clients cancel a deferral_code at the revocation endpoint
function withRevocation(features: Configuration['features']): Configuration['features'] {
  const { revocation } = features ?? {}
  if (revocation?.enabled === false) {
    fail(
      'profiles.oauth',
      'needs the revocation endpoint, set features.revocation.enabled or profiles: { oauth: false }',
    )
  }
  return { ...features, revocation: { ...revocation, enabled: true } }
}

// the host calls validators in this order: after it has checked authorization_details, before it stores anything
function withParameters(
  extraParams: Configuration['extraParams'],
  settings: Settings,
): Record<string, Validator | null | undefined> {
  const { response_type: validate, ...others } = asValidators(extraParams)
  return {
    async response_type(ctx, _value, client) {
      checkResponseType(ctx)
      checkDirectRequest(ctx, settings)
      await validate?.(ctx, paramsOf(ctx).response_type, client)
    },
    ...(settings.profiles.oauth && { completion_mode: null }),
    ...others,
  }
}

function asValidators(extraParams: Configuration['extraParams']): Record<string, Validator | null | undefined> {
  if (extraParams === undefined) return {}
  if (Array.isArray(extraParams) || extraParams instanceof Set) {
    return Object.fromEntries([...(extraParams as Iterable<string>)].map((name) => [name, null]))
  }
  return { ...(extraParams as Record<string, Validator | null | undefined>) }
}
