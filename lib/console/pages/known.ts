import { factsOf } from '../details.js'
import { quoted } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { moment } from '../words.js'
import { raw } from './asked.js'
import { card, facts, source } from './layout.js'

/** What this provider knows by itself. */
export function knownCard({ deferral, client, person, kind }: RequestView): SafeHtml {
  const { id, clientId, accountId, grantType, profile, queue, context, createdAt, exchangedAt, expiresAt } = deferral
  const own = facts([
    ['Client', safe`${quoted(client, 80)}${client !== clientId && safe` <code>${quoted(clientId, 80)}</code>`}`],
    ['Asked', moment(createdAt)],
    ['Client waits since', exchangedAt && moment(exchangedAt)],
    ['Expires', moment(expiresAt)],
  ])
  const technical = safe`<details class="raw"><summary>Technical facts</summary>${facts([
    ['Id', safe`<code>${id}</code>`],
    ['Kind', kind],
    ['Grant', safe`<code>${quoted(grantType ?? 'deferred_code', 80)}</code>`],
    ['Profile', profile === 'openid' ? 'OpenID' : 'OAuth'],
    ['Queue', queue],
  ])}</details>`
  const personal =
    accountId !== undefined &&
    safe`<div class="title"><h3>The person</h3>${source('person')}</div>${facts([
      [
        'Signed in as',
        safe`<bdi>${person}</bdi>${person !== accountId && safe` <code>${quoted(accountId, 80)}</code>`}`,
      ],
    ])}`
  const evidence =
    context &&
    Object.keys(context).length > 0 &&
    safe`<div class="title"><h3>Evidence</h3>${source('service')}</div>${facts(
      factsOf(context).map(([name, value]) => [name, safe`<bdi>${value}</bdi>`] as const),
    )}${raw('The evidence as JSON', context)}`
  return card('known', 'What we know', safe`${own}${personal}${evidence}${technical}`, source('service'))
}
