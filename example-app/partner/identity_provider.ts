import { randomUUID } from 'node:crypto'
import { importJWK, type JWK, SignJWT } from 'jose'
import { partnerClient } from '../provider/clients.js'
import { partnerIssuer } from '../provider/partner_grant.js'

/**
 * The assertion of the partner's identity provider about a customer: an Identity Assertion Authorization Grant. It is valid for two
 * minutes, for one client, at one authorization server.
 */
export async function identityAssertion(key: JWK, audience: string, customer: string): Promise<string> {
  return new SignJWT({ client_id: partnerClient.id, scope: 'statements' })
    .setProtectedHeader({ alg: 'ES256', typ: 'oauth-id-jag+jwt' })
    .setIssuer(partnerIssuer)
    .setSubject(customer)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('2 minutes')
    .sign(await importJWK(key, 'ES256'))
}
