import type { Context } from 'koa'

// long enough for one redirect
const oneMinute = 60 * 1000

const nameOf = (cookie: string) => `${cookie}_notice`

/** Names what the next page about `subject` says, once. In a signed cookie, so that no link makes a page say anything. */
export function leaveNotice(ctx: Context, cookie: string, subject: string, notice: string): void {
  const attributes = { signed: true, httpOnly: true, sameSite: 'lax', maxAge: oneMinute } as const
  ctx.cookies.set(nameOf(cookie), `${subject}.${notice}`, attributes)
}

/** The notice left for this subject, which is gone then. */
export function takeNotice(ctx: Context, cookie: string, subject: string): string | undefined {
  const left = ctx.cookies.get(nameOf(cookie), { signed: true })
  if (!left?.startsWith(`${subject}.`)) return undefined
  ctx.cookies.set(nameOf(cookie), null)
  return left.slice(subject.length + 1)
}
