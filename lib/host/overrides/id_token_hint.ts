import type { Provider } from 'oidc-provider'

/**
 * Overrides the host's check of an `id_token_hint`, for which it has no hook: an interim ID Token is signed like any other, but
 * is no proof of a login.
 */
export function installIdTokenRules(provider: Provider): void {
  const { IdToken } = provider as any
  const { validate } = IdToken

  IdToken.validate = async function (this: unknown, ...args: unknown[]) {
    const validated = await validate.apply(this, args)
    if (validated.payload?.deferred?.status === 'interim') throw new Error('an interim ID Token is no id_token_hint')
    return validated
  }
}
