import { type ClientMetadata, type Configuration, interactionPolicy } from 'oidc-provider'
import { type Context, paramsOf } from './host/context.js'
import { fail } from './options/option_error.js'
import type { DeferredTokenResponseOptions, HostConfiguration, Settings } from './options/options.js'
import { isEnabled, settingsOf } from './options/settings.js'
import { coreOf } from './plugin.js'
import { withNotificationEndpoint } from './protocol/client_registration.js'
import { checkResponseType } from './protocol/openid/authorization_request.js'
import { beforeResponse } from './protocol/openid/authorization_response.js'

type Prompt = interactionPolicy.Prompt
type Validator = (ctx: Context, value: unknown, client: unknown) => unknown

/** What `configure` did that `install` has to know. */
export interface Preparation {
  /** the integrator's static clients */
  clients: readonly ClientMetadata[]
  /** the host got its authorization_code grant from us, the integrator did not want it */
  addedCodeGrant: boolean
  options: DeferredTokenResponseOptions
  /** what these options come to */
  settings: Settings
}

const preparations = new WeakMap<Prompt, Preparation>()

/**
 * What to hand to the host's constructor; follow up with `install` and the same options. Nothing of the given configuration
 * is mutated; with `enabled: false` it is returned as it is. A wrong option is a `TypeError` that starts with its path.
 */
export function configure(configuration: HostConfiguration, options: DeferredTokenResponseOptions): Configuration {
  // the host's types know its own response types only
  const theirs = configuration as Configuration
  if (!isEnabled(options)) return theirs
  const settings = settingsOf(options)
  const { interactions, extraParams, responseTypes } = theirs
  const addedCodeGrant = responseTypes !== undefined && !responseTypes.some((type) => type.includes('code'))
  const policy = withLastPrompt(interactions?.policy ?? interactionPolicy.base(), {
    clients: theirs.clients ?? [],
    addedCodeGrant,
    options,
    settings,
  })
  return {
    ...theirs,
    extraClientMetadata: withNotificationEndpoint(theirs, settings),
    extraParams: withParameters(extraParams, settings) as Exclude<Configuration['extraParams'], undefined>,
    ...(settings.profiles.oauth && { features: withRevocation(theirs.features) }),
    interactions: { ...interactions, policy },
    ...(addedCodeGrant && { responseTypes: [...responseTypes, 'code'] }),
  }
}

/** How the configuration with this policy was prepared; `undefined`: it never went through `configure`. */
export function preparationOf(policy: Iterable<Prompt>): Preparation | undefined {
  return [...policy].map((prompt) => preparations.get(prompt)).find(Boolean)
}

// a copy of the same class, with whatever methods the integrator's array has of its own
function withLastPrompt(policy: readonly Prompt[], preparation: Preparation): interactionPolicy.DefaultPolicy {
  const { Check, Prompt } = interactionPolicy
  const check = new Check('deferral', 'decides whether the request is deferred', async (ctx) => {
    const core = coreOf(ctx.oidc.provider)
    if (!core)
      throw new TypeError('features.deferredTokenResponse needs install(provider, options) after the constructor')
    await beforeResponse(ctx, core)
    return false
  })
  const prompt = new Prompt({ name: 'deferral' }, check)
  preparations.set(prompt, preparation)
  const copy = Object.assign([...policy, prompt], ownMethods(policy))
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(policy))
}

function ownMethods(policy: object): object {
  return Object.fromEntries(Object.entries(policy).filter(([name]) => !/^\d+$/.test(name)))
}

// a deferral_code is cancelled at the revocation endpoint
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

// the host calls validators in order, after its checks of authorization_details and before anything is stored
function withParameters(
  extraParams: Configuration['extraParams'],
  { profiles }: Settings,
): Record<string, Validator | null | undefined> {
  const { response_type: theirs, ...others } = asValidators(extraParams)
  return {
    async response_type(ctx, _value, client) {
      checkResponseType(ctx)
      await theirs?.(ctx, paramsOf(ctx).response_type, client)
    },
    ...(profiles.oauth && { completion_mode: null }),
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
