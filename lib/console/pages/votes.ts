import type { Deferral } from '../../index.js'
import { detailWords } from '../details.js'
import { display } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { namesOf, since } from '../words.js'
import { resourceWords, scopeWords } from './asked.js'
import { plainForm } from './forms.js'
import { card } from './layout.js'

type Vote = NonNullable<Deferral['votes']>[number]

/** What a vote allows, where it is less than what was asked for. */
function allowed(view: RequestView, { scope, resource, authorizationDetails }: Vote): SafeHtml | undefined {
  const items = [
    ...(authorizationDetails ?? []).map((detail) => display(detailWords(view.visit.desk, detail).summary)),
    ...(scope ?? []).map((name) => scopeWords(view, name).label),
    ...(resource ?? []).map((uri) => resourceWords(view, uri).label),
  ]
  if (items.length === 0) return undefined
  return safe`<small>only ${items.map((item, at) => safe`${at > 0 && ', '}<bdi>${item}</bdi>`)}</small>`
}

function whoElse({ eligible, visit }: RequestView): SafeHtml {
  if (!eligible) return safe`<p class="hint">Everybody who may decide it may approve it, once each.</p>`
  if (eligible.length === 0) return safe`<p class="hint">Nobody else may approve it.</p>`
  const names = eligible.map(({ id, name }) => (id === visit.operator.id ? 'you' : display(name, 80)))
  return safe`<p class="hint">May still approve: ${names.join(', ')}.</p>`
}

/** The approvals so far, and who may still give one. Only where several people have to approve. */
export function votesCard(view: RequestView): SafeHtml | undefined {
  const { deferral, visit, nameOf } = view
  const { quorum = 1, votes = [] } = deferral
  if (quorum < 2) return undefined
  const hasVoted = votes.some(({ by }) => namesOf(by).includes(visit.operator.id))
  const withdraw =
    hasVoted &&
    plainForm(
      view,
      'unvote',
      safe`<div class="actions"><button class="button quiet">Withdraw my approval</button></div>`,
    )
  const list = votes.map((vote) => {
    const { by, at, note } = vote
    return safe`<li><strong>${namesOf(by).map(nameOf).join(', ')}</strong> approved ${since(at, visit.desk.now())}${allowed(view, vote)}${note !== undefined && safe`<q class="note-text">${display(note, 2000)}</q>`}</li>`
  })
  return card(
    'votes',
    `${votes.length} of ${quorum} approvals`,
    safe`${votes.length > 0 ? safe`<ul class="rights">${list}</ul>` : safe`<p>Nobody has approved yet.</p>`}${whoElse(view)}<p class="hint">The client gets only what all of them approve.</p>${withdraw}`,
  )
}
