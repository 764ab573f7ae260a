import { errors } from 'oidc-provider'

// RFC 6750, section 2.1
const bearerSyntax = /^[A-Za-z0-9\-._~+/]+=*$/

/** Refuses what could not be sent as a bearer token. Until pings are sent it is not kept. */
export function assertNotificationToken(parameter: string, token: unknown): void {
  if (token === undefined || (typeof token === 'string' && token.length <= 1024 && bearerSyntax.test(token))) return
  throw new errors.InvalidRequest(`${parameter} must have the syntax of a bearer token`)
}
