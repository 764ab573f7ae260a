import { clients } from '../../support/clients.js'

const { client_id: clientId, client_secret: secret } = clients.find(({ client_id }) => client_id === 'secret')!

export const realmName = 'bench'

/** What Keycloak imports: the client and the end-user of the bench, CIBA with the shortest interval, no listener that logs. */
export const realm = {
  realm: realmName,
  enabled: true,
  sslRequired: 'none',
  eventsListeners: [],
  attributes: {
    cibaBackchannelTokenDeliveryMode: 'poll',
    cibaExpiresIn: '3600',
    cibaInterval: '1',
    cibaAuthRequestedUserHint: 'login_hint',
  },
  users: [{ username: 'alice', enabled: true }],
  clients: [
    {
      clientId,
      secret,
      enabled: true,
      clientAuthenticatorType: 'client-secret',
      standardFlowEnabled: false,
      attributes: {
        'oidc.ciba.grant.enabled': 'true',
        'ciba.backchannel.token.delivery.mode': 'poll',
        'id.token.signed.response.alg': 'ES256',
        'access.token.signed.response.alg': 'ES256',
      },
    },
  ],
}
