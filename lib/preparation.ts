import type { ClientMetadata, interactionPolicy } from 'oidc-provider'
import type { DeferredTokenResponseOptions, Settings } from './options/options.js'

type Prompt = interactionPolicy.Prompt

/** What `configure` hands on to `install`. */
export interface Preparation {
  /** the integrator's static clients */
  clients: readonly ClientMetadata[]
  /** `configure` has added the host's authorization_code grant, which the integrator has not enabled */
  addedCodeGrant: boolean
  options: DeferredTokenResponseOptions
  /** these options, checked and with every default */
  settings: Settings
}

const preparations = new WeakMap<Prompt, Preparation>()

/** Attaches a preparation to a prompt. The host copies its configuration, but keeps the prompts of the policy as they are. */
export function leavePreparation(prompt: Prompt, preparation: Preparation): void {
  preparations.set(prompt, preparation)
}

/** The preparation in this policy; `undefined` if the configuration does not come from `configure`. */
export function preparationOf(policy: Iterable<Prompt>): Preparation | undefined {
  return [...policy].map((prompt) => preparations.get(prompt)).find(Boolean)
}
