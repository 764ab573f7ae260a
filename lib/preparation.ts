import type { ClientMetadata, interactionPolicy } from 'oidc-provider'
import type { DeferredTokenResponseOptions, Settings } from './options/options.js'

type Prompt = interactionPolicy.Prompt

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

/** Leaves a preparation in a prompt: the policy is the one part of a configuration that the host hands on as it is. */
export function leavePreparation(prompt: Prompt, preparation: Preparation): void {
  preparations.set(prompt, preparation)
}

/** How the configuration with this policy was prepared; `undefined`: it never went through `configure`. */
export function preparationOf(policy: Iterable<Prompt>): Preparation | undefined {
  return [...policy].map((prompt) => preparations.get(prompt)).find(Boolean)
}
