import { display } from '../display.js'
import type { RequestView } from '../request_view.js'
import { type SafeHtml, safe } from '../safe.js'
import { namesOf, since } from '../words.js'
import { plainForm } from './forms.js'
import { card } from './layout.js'

function whoElse({ eligible }: RequestView): SafeHtml {
  if (!eligible) return safe`<p class="hint">Everybody may vote who may decide it, once each.</p>`
  if (eligible.length === 0) return safe`<p class="hint">Nobody else may vote.</p>`
  return safe`<p class="hint">May still vote: ${eligible.map(({ name }) => display(name, 80)).join(', ')}.</p>`
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
  const list = votes.map(
    ({ by, at, note }) =>
      safe`<li><strong>${namesOf(by).map(nameOf).join(', ')}</strong> approved ${since(at, visit.desk.now())}${note !== undefined && safe`<q class="note-text">${display(note, 2000)}</q>`}</li>`,
  )
  return card(
    'votes',
    `${votes.length} of ${quorum} approvals`,
    safe`${votes.length > 0 ? safe`<ul class="rights">${list}</ul>` : safe`<p>Nobody has approved yet.</p>`}${whoElse(view)}${withdraw}`,
  )
}
