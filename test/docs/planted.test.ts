/* Broken blocks, planted, are found. */
import { expect, test } from 'vitest'
import { compile } from './compile.js'
import { faultsOf } from './others.js'
import { blocksOf } from './pages.js'
import { programsOf } from './programs.js'
import { isPrinted, run } from './run.js'

const block = (info: string, code: string) => `\`\`\`${info}\n${code}\n\`\`\`\n`
const pageOf = (...blocks: string[]) => ({ path: 'planted.md', text: `# Planted\n\n${blocks.join('\n')}` })

test('a block with a type error is found, at its line', async () => {
  const wrong = "import { memoryStore } from 'oidc-provider-deferred'\nexport const store: string = memoryStore()"
  const right = block('ts', 'await provider.deferrals.approve(id)')
  const page = pageOf(right, block('ts', wrong), block('ts continues', 'store.count({}, 1, 2)'))
  const { errors } = await compile(programsOf(page), 'docs-planted')
  expect(errors.get('planted.md')).toEqual([
    expect.stringMatching(/^planted\.md:9: error TS2322/),
    expect.stringMatching(/^planted\.md:13: error TS2339/),
  ])
})

test('an option that does not exist is found', async () => {
  const page = pageOf(
    block('ts', "import { configure } from 'oidc-provider-deferred'\nconfigure({}, { defers: true })"),
  )
  const { errors } = await compile(programsOf(page), 'docs-planted')
  expect(errors.get('planted.md')).toEqual([expect.stringContaining('defers')])
})

test.each([
  ['another output', [block('js runnable', 'console.log(1)'), block('text', '2')], ['printed']],
  ['no output', [block('js runnable', 'console.log(1)')], ['no text block']],
  ['a throw', [block('js runnable', "throw new Error('x')"), block('text', '...')], ['ended with 1']],
  ['a server that ends', [block('js runnable server', ''), block('text', '')], ['did not keep running']],
  ['none', [block('js runnable', 'console.log(1)'), block('text', '1')], []],
])('a block that runs to %s is found', async (_, blocks, expected) => {
  const programs = programsOf(pageOf(...blocks))
  const faults = await run(programs, await compile(programs, 'docs-planted'))
  expect(faults).toEqual(expected.map((text) => expect.stringContaining(text)))
})

test.each([
  ['sh', 'if true; then'],
  ['sh', 'npm run no-such-script'],
  ['sh', 'npx oidc-provider-deferred lst'],
  ['sh', 'true\nnpx oidc-provider-deferred list --order | head'],
  ['json', "{ 'a': 1 }"],
  ['http', 'POST /token\nscope: payments\n\nno form'],
  ['http', 'PST /token'],
  ['yaml', 'a: 1'],
  ['', 'a: 1'],
  ['yaml unchecked:', 'a: 1'],
  ['text', 'printed by nothing'],
  ['ts same-as test/docs/no_such.ts', 'x'],
  ['ts same-as test/docs/run.ts', 'no such line'],
  ['sh runnable', 'true'],
])('a block of %s is found: %s', (info, code) => {
  expect(faultsOf(blocksOf(pageOf(block(info, code))))).toEqual([expect.stringMatching(/^planted\.md:3: /)])
})

test.each([
  ['sh', 'npm run bank -- --headless'],
  ['sh', "npx oidc-provider-deferred deny id --by kim --reason 'not now' > out.txt"],
  ['json', '{ "a": 1 }'],
  ['http', 'POST /token HTTP/1.1\nAccept: */*\n\na=1\n  &b=2\n\nHTTP/1.1 200 OK\n\n{ "a": "..." }'],
  ['yaml unchecked: there is no parser', 'a: 1'],
  ['ts same-as test/docs/planted.test.ts', "import { isPrinted, run } from './run.js'"],
])('a block of %s is right: %s', (info, code) => {
  expect(faultsOf(blocksOf(pageOf(block(info, code))))).toEqual([])
})

test('a word that the rule does not know, and a block that continues nothing, are found', () => {
  expect(() => programsOf(pageOf(block('ts runable', '')))).toThrow('planted.md:3: runable is no word of the rule')
  expect(() => programsOf(pageOf(block('ts continues', '')))).toThrow('planted.md:3: continues nothing')
  expect(() => blocksOf(pageOf('```ts'))).toThrow('does not end')
})

test('... is anything within a line, and a line of it any lines', () => {
  expect(isPrinted('a 1 b\nc\nd\n', 'a ... b\n...\nd')).toBe(true)
  expect(isPrinted('a 1\n b\n', 'a ... b')).toBe(false)
  expect(isPrinted('a\nb\n', 'a')).toBe(false)
  expect(isPrinted('a+\n', 'a+')).toBe(true)
})
