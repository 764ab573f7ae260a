import { type SafeHtml, safe } from '../safe.js'

/** One bar, or several beside one another. */
export interface Group {
  label: string
  /** where the bars lead */
  href?: string
  /** one number for each name of the plot */
  values: readonly number[]
}

/** A plot, and the same numbers as a table. */
export interface Plot {
  /** what the numbers of a group are; the class of its bars is `bar-1`, `bar-2` */
  names: readonly string[]
  groups: readonly Group[]
  /** what the groups are */
  by: string
}

const width = 480
const height = 120
const base = 96
const top = 18

const formatted = (value: number) => value.toLocaleString('en')

function barsOf({ values }: Group, left: number, space: number, most: number): SafeHtml[] {
  const barWidth = Math.round(Math.min(56, (space * 0.8) / values.length))
  const start = Math.round(left + (space - barWidth * values.length) / 2)
  return values.map((value, index) => {
    const size = Math.max(value > 0 ? 2 : 0, Math.round(((base - top) * value) / most))
    const x = start + index * barWidth
    return safe`<rect class="bar-${index + 1}" x="${x}" y="${base - size}" width="${barWidth - 2}" height="${size}"></rect>
<text class="value" x="${x + barWidth / 2 - 1}" y="${base - size - 4}">${formatted(value)}</text>`
  })
}

/** The picture. Its numbers are in the table, with the same links: it is nothing for those who cannot see it. */
function picture({ groups }: Plot): SafeHtml {
  const most = Math.max(1, ...groups.flatMap(({ values }) => values))
  const space = width / groups.length
  const parts = groups.map((group, index) => {
    const left = index * space
    const bars = safe`${barsOf(group, left, space, most)}<text x="${Math.round(left + space / 2)}" y="${height - 8}">${group.label}</text>`
    return group.href === undefined ? bars : safe`<a href="${group.href}" tabindex="-1">${bars}</a>`
  })
  return safe`<svg class="plot" viewBox="0 0 ${width} ${height}" aria-hidden="true" focusable="false">
<path class="base" d="M0 ${base}H${width}"></path>${parts}</svg>`
}

function table({ names, groups, by }: Plot): SafeHtml {
  const rows = groups.map(({ label, href, values }) => {
    const cells = values.map((value) => safe`<td>${formatted(value)}</td>`)
    return safe`<tr><th scope="row">${href === undefined ? label : safe`<a href="${href}">${label}</a>`}</th>${cells}</tr>`
  })
  const heads = [by, ...names].map((name) => safe`<th scope="col">${name}</th>`)
  return safe`<details class="numbers"><summary>${by} in numbers</summary>
<table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table></details>`
}

/** Bars, what they are, and their numbers. */
export function plot(content: Plot): SafeHtml {
  const { names } = content
  const legend = names.map((name, index) => safe`<li><span class="swatch swatch-${index + 1}"></span>${name}</li>`)
  return safe`<ul class="legend">${legend}</ul>${picture(content)}${table(content)}`
}
