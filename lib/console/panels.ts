import type { Reviewed } from '../index.js'
import type { Desk } from './desk.js'
import { display, displayLines } from './display.js'
import type { Operator, Panel } from './options.js'
import { SafeHtml, safe } from './safe.js'

/** A panel, ready for the page. */
export interface PanelView {
  title: string
  html: SafeHtml
  source: NonNullable<Panel['source']>
}

/** The panels of the integrator. What was not made with `safe` is text, and is shown as such. */
export async function panelsOf({ options }: Desk, deferral: Reviewed, operator: Operator): Promise<PanelView[]> {
  const panels = (await options.panels?.(deferral, operator)) ?? []
  return panels.map(({ title, html, source = 'service' }) => ({
    source,
    title: display(title, 120),
    html: html instanceof SafeHtml ? html : safe`<p>${displayLines(String(html))}</p>`,
  }))
}
