import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { textsOf } from './texts.js'

const page = readFileSync('docs/operate/troubleshooting.md', 'utf8')
const headings = [...page.matchAll(/^### `(.+)`$/gm)].map(([, heading]) => heading as string)

/** The names of a registry, the words of a test suite, and texts that nobody ever reads: of a prompt that never fails, of a stop. */
const isNoSource = (file: string) =>
  file.startsWith('testing') ||
  file.endsWith('special_purpose_addresses.ts') ||
  isOfPages(file) ||
  isOutput(file) ||
  isOfMetrics(file)
/** The descriptions of metrics. */
const isOfMetrics = (file: string) => /^opentelemetry\/(?!instrument\.ts$)/.test(file)
/** The words of the console's pages, which operators read; the checks of its options, and what goes to the log, are for developers. */
const isOfPages = (file: string) => /^console\/(?!(option_checks|colours|faults)\.ts$)/.test(file)
/** The usage and the results of the program; what it ends with is in these files. */
const isOutput = (file: string) =>
  /^cli\/(?!(arguments|confirmation|deployment|values|doctor\/given_keys)\.ts$)/.test(file)
const isNoMessage = (text: string) =>
  ['decides whether the request is deferred', 'the plugin stops the handler here'].includes(text)

/** Why AuthZEN cannot do something: these stand below the alert that has them as its reason. */
const isReason = (text: string) =>
  /^(access request |the denial |the metadata |the claim |the critical claim |the approval has|claims is|audience is|issuance is)/.test(
    text,
  ) ||
  /^(granted_scope|token_lifetime|authorization_details (is|has)|denied by|failed at|nobody can fill|there is no access request)/.test(
    text,
  ) ||
  /^(the policy decision point (answered|did|gave)|the access request service (answered|names)|it took too long|the attempt before has|\0 (gave no usable answer|is not an array))/.test(
    text,
  ) ||
  /^(access requests are|whole milliseconds|the lease is|the answer is)/.test(text)

/** What was expected, why, or what to do: these stand in the text below the heading of their message. */
const isPart = (text: string) =>
  /^(an? |cannot be deferred|the thrown value|a token request of|could not be read|must be (UTF-8|a JSON object|a valid Date|a claims|a space|an array of plain|\0 or app)|gone at|name not found|no answer within)/.test(
    text,
  ) ||
  /^(must not (begin with|be larger)|is not valid JSON|must have a string as|sealed for|resolves to|was reached)/.test(
    text,
  ) ||
  isReason(text)

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const texts = files.filter((file) => !isNoSource(file)).flatMap((file) => textsOf(readFileSync(`lib/${file}`, 'utf8')))
const short = [...new Set(texts.map((text) => text.trim()))].filter((text) => words(text) >= 2 && !isNoMessage(text))
const messages = short.filter((text) => words(text) >= 3)

/** So many words, those that hold a placeholder not counted. */
function words(text: string): number {
  return text.split(/\s+/).filter((word) => /[a-z]/i.test(word) && !word.includes('\0')).length
}

/** The message, whatever its placeholders stand for. */
function patternOf(message: string): RegExp {
  const parts = message.split('\0').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('.*').replaceAll(' ', '\\s+'))
}

const patterns = short.map(patternOf)

test('the messages of the code are found', () => {
  expect(messages.length).toBeGreaterThan(100)
  expect(messages).toContain('no deferral has this id')
  expect(headings.length).toBeGreaterThan(100)
})

describe('each message of the code has a heading', () => {
  test.each(messages.filter((message) => !isPart(message)))('%s', (message) => {
    expect(headings.filter((heading) => patternOf(message).test(heading))).not.toEqual([])
  })
})

describe('what is a part of a message is explained', () => {
  test.each(messages.filter(isPart))('%s', (part) => {
    expect(page.replaceAll('`', '')).toMatch(patternOf(part))
  })
})

describe('each heading is a message of the code', () => {
  test.each(headings)('%s', (heading) => {
    expect(patterns.some((pattern) => pattern.test(heading))).toBe(true)
  })
})
