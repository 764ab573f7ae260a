import * as fc from 'fast-check'
import type { Reviewed } from 'oidc-provider-deferred'
import { expect, test } from 'vitest'
import { csvHead, csvLine } from '../../lib/console/export/csv.js'
import { readCsv } from './csv_readers.js'

const epoch = new Date(0)
const deferralOf = (title: string): Reviewed => ({
  id: 'A'.repeat(22),
  status: 'pending',
  expired: false,
  overdue: false,
  profile: 'oauth',
  clientId: 'agent',
  scope: ['payments'],
  resource: [],
  createdAt: epoch,
  expiresAt: epoch,
  history: [],
  title,
})

const at = readCsv(csvHead.slice(1), ',')[0]!.indexOf('title')
const titleIn = (line: string) => readCsv(line, ',')[0]?.[at]
const formulasIn = (line: string) =>
  [';', '\t', ','].flatMap((delimiter) =>
    readCsv(line, delimiter)
      .flat()
      .filter((cell) => /^[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(cell)),
  )

test.each([
  ['invoice;"=HYPERLINK(1);x', `invoice;"'=HYPERLINK(1);x`],
  ['invoice;" =2+2', `invoice;" '=2+2`],
  ['invoice; "" "@x', `invoice; "" "'@x`],
  ['see\n"-1', `see\n"'-1`],
  ['see\t"\uff1d1', `see\t"'\uff1d1`],
  ['\n=1+1', `'\n'=1+1`],
  ['a "=" b; c "- d"', 'a "=" b; c "- d"'],
])('%j is written so that a quotation mark hides no formula', (title, expected) => {
  const line = csvLine(deferralOf(title))
  expect(titleIn(line)).toBe(expected)
  expect(formulasIn(line)).toEqual([])
})

const nasty = fc.string({ unit: fc.constantFrom(...';"=-@+\n\r\t\0 ,a\u00a0\uff1d\''), maxLength: 12 })

test('no text becomes a formula, and only apostrophes are added', () => {
  fc.assert(
    fc.property(nasty, (title) => {
      const line = csvLine(deferralOf(title))
      expect(formulasIn(line)).toEqual([])
      // only apostrophes were added
      expect(titleIn(line)?.replaceAll("'", '')).toBe(title.replaceAll("'", ''))
    }),
    { numRuns: 5000 },
  )
})

test('a long text of separators takes no long time', () => {
  const before = process.cpuUsage().user
  csvLine(deferralOf(`${'\n"'.repeat(50_000)}a${'= '.repeat(50_000)}`))
  expect(process.cpuUsage(undefined).user - before).toBeLessThan(2_000_000)
})
