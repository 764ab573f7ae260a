import { type Html, html } from './html.js'

/** A problem with the last form. Screen readers announce it when the page opens. */
export function problemNote(problem: string | undefined): Html | undefined {
  return problem ? html`<p class="note problem" role="alert">${problem}</p>` : undefined
}

/** The steps of a customer. Those before the current one are done. */
export function steps(names: readonly string[], current: number): Html {
  const state = (index: number) => (index < current ? 'done' : index === current ? 'current' : 'ahead')
  return html`<ol class="steps">${names.map(
    (name, index) => html`<li class="${state(index)}"${index === current && html` aria-current="step"`}>${name}</li>`,
  )}</ol>`
}

/** A list of names and values. It leaves out names without a value. */
export function facts(rows: readonly (readonly [name: string, value: Html | string | undefined])[]): Html {
  const present = rows.filter(([, value]) => value !== undefined)
  return html`<dl class="facts">${present.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** A time in UTC, to the minute. */
export function moment(date: Date): Html {
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC</time>`
}
