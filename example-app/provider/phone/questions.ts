import type { Configuration } from 'oidc-provider'
import type { Collection } from '../../storage/collection.js'
import type { Question } from '../../storage/entries.js'

type Ciba = NonNullable<NonNullable<Configuration['features']>['ciba']>

/**
 * oidc-provider's CIBA with the bank's own device: the question waits in the storage until the customer opens the page. No client
 * is registered for CIBA; only the bank itself asks.
 */
export function phoneOf(questions: Collection<Question>): Ciba {
  return {
    enabled: true,
    deliveryModes: ['poll'],
    async triggerAuthenticationDevice(_ctx, request, account, client) {
      const { deferralId } = request as { deferralId?: string }
      if (deferralId === undefined) throw new Error('only the bank asks on the phone')
      await questions.insert({
        _id: request.jti,
        createdAt: new Date(),
        deferralId,
        accountId: account.accountId,
        clientId: client.clientId,
        scope: request.scope ?? '',
        answer: null,
      })
    },
    async validateRequestContext() {},
    async verifyUserCode() {},
  }
}
