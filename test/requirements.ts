import { authzen } from './requirements/authzen.js'
import { cases } from './requirements/cases.js'
import { extensions } from './requirements/extensions.js'
import { leftOut } from './requirements/left_out.js'
import { oauth } from './requirements/oauth.js'
import { openid } from './requirements/openid.js'

/** One requirement or conformance case, in a few words of our own. */
export interface Requirement {
  id: string
  title: string
}

/** Every id a test may name. */
export const requirements: Requirement[] = [openid, cases, oauth, extensions, authzen].flatMap(parse)

/** Ids that no test may name, and why: what they are about is not built. */
export const exceptions: Requirement[] = parse(leftOut)

function parse(text: string): Requirement[] {
  return [...text.matchAll(/^(\S+) (.+)$/gm)].map(([, id = '', title = '']) => ({ id, title }))
}
