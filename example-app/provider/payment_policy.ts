import { type Authzen, type AuthzenOptions, authzen, type Mapping } from 'oidc-provider-deferred/authzen'
import { spoken } from './money.js'
import { paymentOf } from './payment.js'
import { defer } from './review.js'

/** One question: may this client pay so much from this account? */
const byPayment: Mapping = ({ subject, targets: [target = ''], authorizationDetails, context }) => {
  const payment = paymentOf(authorizationDetails[0])
  const properties = payment && { creditor: payment.creditor, cents: payment.sum }
  return [
    {
      subject,
      resource: { type: 'account', id: payment?.customer ?? 'every' },
      action: { name: 'pay', ...(properties && { properties }) },
      context,
      about: payment ? { detail: 0 } : { gate: target },
    },
  ]
}

/** Options of the plugin, and `close`. */
type PaymentPolicy = Pick<Authzen, 'defer' | 'reconsider' | 'task' | 'close'>

/** A policy decision point decides about the agent's payments. Reviewers decide about everything else. */
export function paymentPolicy({ pdp, egress }: Pick<AuthzenOptions, 'pdp' | 'egress'>): PaymentPolicy {
  const decider = authzen({
    pdp,
    ...(egress && { egress }),
    mapping: byPayment,
    accessRequest: {},
    terms({ authorizationDetails: details }) {
      const payment = paymentOf(details?.[0])
      const title = payment ? `${spoken(payment.sum)} to ${payment.creditor}` : 'Payments without a limit'
      return { queue: 'policy', title }
    },
  })
  return {
    ...(decider.task && { task: decider.task }),
    defer: (ctx, request) =>
      request.grantType === 'client_credentials' ? decider.defer(ctx, request) : defer(ctx, request),
    reconsider: (ctx, deferral, task) => (deferral.queue === 'policy' ? decider.reconsider(ctx, deferral, task) : true),
    close: decider.close,
  }
}
