import { bodyParser } from '@koa/bodyparser'
import multer from '@koa/multer'
import type { Context, Middleware } from 'koa'

/** The fields of a submitted form. A name that was sent more than once has an array. */
export type Form = Record<string, unknown>

const megabyte = 1024 * 1024

/** Reads url-encoded forms. */
export function readForms(): Middleware {
  return bodyParser({
    enableTypes: ['form'],
    onError: (error, ctx) => ctx.throw(400, 'the form could not be read', { cause: error }),
  })
}

/** Reads multipart forms with one picture. The picture stays in memory: no identity document is written to the disk. */
export function readPictures(field: string): Middleware {
  const limits = { files: 1, fileSize: 5 * megabyte, fields: 10, fieldSize: 1024 }
  const read = multer({ storage: multer.memoryStorage(), limits }).single(field)
  return async (ctx, next) => {
    const noNext = async () => {}
    try {
      await read(ctx, noNext)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'LIMIT_FILE_SIZE')
        ctx.throw(413, 'the picture is too large: at most 4 MB, please')
      ctx.throw(400, 'the form could not be read', { cause: error })
    }
    await next()
  }
}

/** The submitted form. */
export function formOf(ctx: Context): Form {
  return { ...(ctx.request.body ?? {}) }
}

/** The text of one field without the white space around it. '' when the field is absent. */
export function text(form: Form, name: string): string {
  const value = form[name]
  return typeof value === 'string' ? value.trim() : ''
}
