/** What was checked, and what differed. */
export const report = { passed: 0, differences: [] }

/** One check; a difference does not end the run. */
export function check(text, isRight, found = '') {
  if (isRight) report.passed += 1
  else report.differences.push(`${text}${found && `: ${found}`}`)
  console.log(`  ${isRight ? 'ok' : 'DIFFERS'}  ${text}${isRight || !found ? '' : `: ${found}`}`)
}

/** Waits until `look` returns something. */
export async function until(look, seconds = 60) {
  const end = Date.now() + seconds * 1000
  for (;;) {
    const value = await look()
    if (value) return value
    if (Date.now() > end) throw new Error(`nothing came: ${look}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
