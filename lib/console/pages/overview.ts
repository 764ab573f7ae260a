import type { Visit } from '../desk.js'
import { searchOf } from '../filter.js'
import type { Ages } from '../overview/ages.js'
import type { Days, Speed } from '../overview/days.js'
import { type SafeHtml, safe } from '../safe.js'
import { duration } from '../words.js'
import { card, showTo } from './layout.js'
import { plot } from './plot.js'

/** What the overview says. */
export interface Overview {
  ages: Ages
  days: Days
  speeds: readonly Speed[]
  /** seconds */
  median: number | undefined
  failures: { failed: number; isLeast: boolean }
}

/** Says that there may be more than a number. */
const least = (isLeast: boolean, words: string) => isLeast && safe`<p class="soft">${words}</p>`

function agesCard({ groups, isLeast }: Ages): SafeHtml {
  const total = groups.reduce((sum, { pending }) => sum + pending, 0)
  const overdue = groups.reduce((sum, group) => sum + group.overdue, 0)
  const bars = groups.map(({ label, filter, pending, overdue: late }) => ({
    label,
    href: `./${searchOf(filter)}`,
    values: [pending, late],
  }))
  const sum = safe`<p><strong>${total.toLocaleString('en')}</strong> ${total === 1 ? 'request waits' : 'requests wait'}${
    isLeast && ' at least'
  }, <strong>${overdue.toLocaleString('en')}</strong> overdue.</p>`
  return card(
    'ages',
    'What waits, by age',
    safe`${sum}${plot({ names: ['waiting', 'overdue'], groups: bars, by: 'Age' })}${least(
      isLeast,
      'These numbers are lower bounds: not everything was counted.',
    )}`,
  )
}

const lowerBound = 'These numbers are lower bounds: only the newest 500 requests were read.'

function daysCard({ days, isLeast }: Days): SafeHtml {
  const groups = days.map(({ date, arrived, decided }) => ({ label: date.slice(5), values: [arrived, decided] }))
  const content = plot({ names: ['asked', 'decided'], groups, by: 'Day (UTC)' })
  return card('days', 'The last seven days', safe`${content}${least(isLeast, lowerBound)}`)
}

function speedsCard({ speeds, median, days }: Overview): SafeHtml {
  if (median === undefined) return card('speeds', 'Time to decision', safe`<p>Nothing was decided in thirty days.</p>`)
  const groups = speeds.map(({ label, count }) => ({ label, values: [count] }))
  return card(
    'speeds',
    'Time to decision',
    safe`<p>The median is ${duration(median)}.</p>
${plot({ names: ['decided within'], groups, by: 'Time' })}${least(days.isLeast, lowerBound)}`,
  )
}

function failuresCard({ failed, isLeast }: Overview['failures']): SafeHtml {
  const words =
    failed === 0
      ? safe`<p>None has failed.</p>`
      : safe`<p><a href="./notifications?status=failed"><strong>${failed}${isLeast && ' or more'}</strong> ${
          failed === 1 ? 'notification has' : 'notifications have'
        } failed</a>. The clients learn of the decision at their next poll.</p>`
  return card('failures', 'Notifications', words)
}

function exportCard(): SafeHtml {
  const input = (name: string, label: string) =>
    safe`<div class="field"><label for="${name}">${label}</label><input type="date" id="${name}" name="${name}"></div>`
  return card(
    'export',
    'Export',
    safe`<form method="get" action="export.csv">${input('createdAfter', 'Asked on this day or later (UTC)')}
${input('createdBefore', 'Asked before this day (UTC)')}
<div class="buttons"><button class="button quiet">CSV</button>
<button class="button quiet" formaction="export.ndjson">NDJSON</button></div></form>
<p class="soft">The log says who exported what.</p>`,
  )
}

/** Answers with the overview. */
export function showOverview(visit: Visit, overview: Overview): void {
  const main = safe`<div class="heading"><h1>Overview</h1></div>
<div class="overview">${agesCard(overview.ages)}${daysCard(overview.days)}${speedsCard(overview)}${failuresCard(overview.failures)}${
    visit.desk.options.log && exportCard()
  }</div>`
  showTo(visit, { title: 'Overview', main, section: 'overview' })
}
