/*
 * The option `profiles`. The oauth profile has two parts that are off by default, because they follow open pull requests of its
 * draft: direct deferral (47) and `interaction_pending` (68).
 */
import {
  boolean,
  type Check,
  isText,
  listOf,
  type Members,
  oneOf,
  refuse,
  shape,
  withDefault,
} from '../deferral/shape.js'

/** The response modes of direct deferral. `jwt` counts as `query.jwt`. */
const responseModes = ['query', 'form_post', 'query.jwt', 'form_post.jwt'] as const

/** Direct deferral: the authorization endpoint answers with `deferral_code`. Draft: pull request 47 of the working group. */
export interface DirectOptions {
  /**
   * how a client opts in. `explicit`: `deferred_direct` in `completion_mode`, or `deferred_direct: true` in its metadata. `hint`:
   * `deferred` in `completion_mode`, as the pull request says
   */
  optIn?: 'explicit' | 'hint'
  /** whether public clients may use it; they must send `dpop_jkt` (`false`) */
  publicClients?: boolean
  /** response modes of these requests (`query`, `form_post`, `query.jwt`, `form_post.jwt`) */
  responseModes?: readonly (typeof responseModes)[number][]
  /** a wrong `code_verifier` in the first poll ends the deferral, as the pull request says (`end`), or only gets an error */
  onVerifierMismatch?: 'end' | 'refuse'
}

/** Parts of the oauth profile that are off by default. */
export interface OauthOptions {
  /** direct deferral at the authorization endpoint (`false`) */
  direct?: boolean | DirectOptions
  /** polls are answered `interaction_pending` while an interaction is under way, as pull request 68 says (`false`) */
  interactionPending?: boolean
}

/** The profiles that clients may use (both). */
export interface ProfileOptions {
  openid?: boolean
  oauth?: boolean | OauthOptions
}

const isMode = (value: unknown): value is (typeof responseModes)[number] =>
  isText(value) && responseModes.some((mode) => mode === value)

const direct = shape({
  optIn: withDefault(oneOf(['explicit', 'hint'] as const), 'explicit'),
  publicClients: withDefault(boolean, false),
  responseModes: withDefault(listOf(`one of ${responseModes.join(', ')}`, isMode), responseModes.slice()),
  onVerifierMismatch: withDefault(oneOf(['end', 'refuse'] as const), 'end'),
} satisfies Members<DirectOptions>)

const oauth = shape({
  direct: switchable(direct, false),
  interactionPending: withDefault(boolean, false),
} satisfies Members<OauthOptions>)

const members = shape({
  openid: withDefault(boolean, true),
  oauth: switchable(oauth, true),
} satisfies Members<ProfileOptions>)

/** The option `profiles` after its check: a part that is off is `false`. */
export type Profiles = ReturnType<typeof members>

/** The settings of direct deferral. */
export type DirectSettings = ReturnType<typeof direct>

/** The settings of direct deferral; `undefined` if it is off. */
export function directSettings({ profiles: { oauth } }: { profiles: Profiles }): DirectSettings | undefined {
  return (oauth || undefined)?.direct || undefined
}

/** Checks the option `profiles`. */
export const profiles: Check<Profiles> = (value, at) => {
  const checked = members(value, at)
  if (checked.openid || checked.oauth) return checked
  refuse(at, 'must leave one profile on, use enabled: false to switch both off')
}

/** `false`, or settings: `true` stands for every default. */
function switchable<T>(check: Check<T>, preset: boolean): Check<T | false> {
  return (value = preset, at) => {
    if (value === false) return false
    if (value === true) return check({}, at)
    if (typeof value !== 'object') refuse(at, 'must be true, false or an object')
    return check(value, at)
  }
}
