import { fail, path } from './option_error.js'
import { type DeferredTokenResponseOptions, optionsShape, type Settings } from './options.js'

/** Checks the options and fills in the defaults; a `TypeError` starts with the option's path. */
export function settingsOf(options: DeferredTokenResponseOptions): Settings {
  const settings = optionsShape(options, path)
  if (settings.task && settings.keys.length === 0) fail('task', 'needs keys: the state of a task is stored encrypted')
  return settings
}

/** Whether the options ask for the feature at all. */
export function isEnabled(options: DeferredTokenResponseOptions | undefined): options is DeferredTokenResponseOptions {
  if (options === undefined) return false
  if (typeof options !== 'object' || options === null) fail('', 'must be an object, use { enabled: true }')
  return options.enabled !== false
}

/** Warns that the default store is in memory, as the host warns of its own. */
export function warnOfMemoryStore(): void {
  process.emitWarning(`${path}.store is not set: deferrals are kept in memory and lost on restart, use mongoStore(db)`)
}

/** Warns of the ranges that the operator allows, so that a setting for development is not forgotten in production. */
export function warnOfAllowedRanges({ notification: { allow } }: Settings): void {
  if (allow.length === 0) return
  process.emitWarning(`${path}.notification.allow lets notifications reach ${allow.join(', ')}, public or not`)
}
