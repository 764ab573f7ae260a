import type { Provider } from 'oidc-provider'

/**
 * Overrides the host's check of an `id_token_hint` to refuse interim ID Tokens. They are signed like any other ID Token, but do
 * not prove a login. No public way: the host has no hook for this check.
 */
export function installIdTokenRules(provider: Provider): void {
  const { IdToken } = provider as any
  const { validate } = IdToken

  IdToken.validate = async function (this: unknown, ...args: unknown[]) {
    const validated = await validate.apply(this, args)
    if (validated.payload?.deferred?.status === 'interim')
      throw new Error('an interim ID Token cannot be an id_token_hint')
    return validated
  }
}
