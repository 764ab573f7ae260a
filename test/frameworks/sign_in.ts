import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider-deferred'
import { interact } from '../support/interaction.js'

/** Stands for your sign-in page: it signs the end-user in and consents, without showing a form. */
export function signIn(provider: Provider, req: IncomingMessage, res: ServerResponse): Promise<void> {
  return interact(provider, req, res, {})
}
