import { beforeAll, describe, expect, test } from 'vitest'
import { type Compiled, compile } from './compile.js'
import { faultsOf } from './others.js'
import { blocksOf, readPages } from './pages.js'
import { programsOf } from './programs.js'
import { run } from './run.js'

const pages = readPages().map((page) => ({ ...page, programs: programsOf(page) }))
const withPrograms = pages.filter(({ programs }) => programs.length > 0)
const runnable = pages.filter(({ programs }) => programs.some(({ run }) => run))

describe('code blocks', () => {
  let compiled: Compiled

  beforeAll(async () => {
    compiled = await compile(
      pages.flatMap(({ programs }) => programs),
      'docs',
    )
  })

  test.each(withPrograms)('$path: its TypeScript and JavaScript type-check', ({ path }) => {
    expect(compiled.errors.get(path) ?? []).toEqual([])
  })

  test.each(pages)('$path: its other blocks are right, or say why nobody checks them', (page) => {
    expect(faultsOf(blocksOf(page))).toEqual([])
  })

  test.each(runnable)('$path: what can be run prints what the page says', async ({ programs }) => {
    expect(await run(programs, compiled)).toEqual([])
  })
})
