import type { Context } from 'koa'
import { html } from './html.js'

const limit = 5 * 1024 * 1024

async function bytesOf(ctx: Context): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of ctx.req) {
    size += chunk.length
    if (size > limit) ctx.throw(413, 'that is too large: at most 4 MB, please')
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** Reads a submitted form, url-encoded or multipart, of at most 5 MB. */
export async function readForm(ctx: Context): Promise<FormData> {
  const type = ctx.is('urlencoded', 'multipart') && ctx.get('Content-Type')
  if (!type) ctx.throw(415, 'a form is expected')
  const body = await bytesOf(ctx)
  try {
    return await new Response(body, { headers: { 'Content-Type': type } }).formData()
  } catch {
    return ctx.throw(400, 'the form could not be read')
  }
}

/**
 * The first button of a form that decides something. Browsers press the first button for Enter, and one that is disabled does not
 * hold a checkbox's Enter up. This one closes the dialog around the form, and there is none.
 */
export const enterDoesNothing = html`<button formmethod="dialog" formnovalidate hidden></button>`

/** The text of one field, '' when absent, without surrounding white space. */
export function text(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}

/** Every text sent under one name, as checkboxes do. */
export function texts(form: FormData, name: string): string[] {
  return form.getAll(name).filter((value) => typeof value === 'string')
}
