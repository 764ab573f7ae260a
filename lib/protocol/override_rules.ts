/*
 * Not in the drafts: the rules for the overrides of the host. They come from both drafts and the options.
 */
import type { Rules } from '../host/overrides/install.js'
import type { GrantHandler } from '../host/seams.js'
import { isCibaOn } from '../options/ciba.js'
import type { Plugin } from '../plugin.js'
import { hasDefer } from './ask_defer.js'
import { beforeSave } from './ciba/backchannel_authentication.js'
import { applyResult } from './ciba/device_result.js'
import { bridgedHandler, notePoll } from './ciba/leg_poll.js'
import { cibaGrantType } from './ciba/names.js'
import { evidenceOf } from './evidence.js'
import { metadata as longPollMetadata } from './long_poll.js'
import { assertRequest, canWait, mayPoll } from './oauth/completion_mode.js'
import { isDeferrableGrant } from './oauth/defer_enforcement.js'
import { handlerWithDefer } from './oauth/install.js'
import { metadata as oauthMetadata } from './oauth/metadata.js'
import * as oauth from './oauth/names.js'
import { metadata as openidMetadata } from './openid/metadata.js'
import * as openid from './openid/names.js'
import { ourRequests } from './our_requests.js'
import { revoke } from './revocation.js'

/** The rules for `installOverrides`, for these options. */
export function overrideRules(plugin: Plugin, { addedCodeGrant }: { addedCodeGrant: boolean }): Rules {
  const { settings, records } = plugin
  const { profiles } = settings
  return {
    clients: { responseTypes: openid.responseTypes, grantTypes: [openid.grantType, oauth.grantType] },
    responseTypes: profiles.openid ? acceptedTypes(addedCodeGrant) : [],
    addedCodeGrant,
    hasDefer: hasDefer(settings),
    hasReconsider: settings.reconsider !== undefined,
    hint: profiles.oauth || hasDefer(settings) ? hintOf(plugin) : undefined,
    notesCodeUse: Boolean(profiles.oauth),
    wrapHandler: (name, handler) => withBridge(plugin, name, handler),
    revoke: (ctx, token) => revoke(ctx, plugin, token),
    now: records.now,
    requests: ourRequests,
    backchannel: isCibaOn(settings) ? backchannelOf(plugin) : undefined,
    answers: {
      metadata: (ctx) => ({
        ...(profiles.openid && openidMetadata(ctx, plugin)),
        ...(profiles.oauth && oauthMetadata(settings)),
        ...longPollMetadata(plugin),
      }),
      isRevocationPrivate: Boolean(profiles.oauth),
    },
  }
}

function backchannelOf(plugin: Plugin): Rules['backchannel'] {
  return {
    beforeSave: (ctx, request) => beforeSave(ctx, plugin, request),
    onResult: (request) => applyResult(plugin, request),
    onPoll: notePoll,
  }
}

function withBridge(plugin: Plugin, name: string, handler: GrantHandler): GrantHandler | undefined {
  const wrapped = handlerWithDefer(plugin, name, handler)
  if (name !== cibaGrantType || !isCibaOn(plugin.settings)) return wrapped
  return bridgedHandler(plugin, wrapped ?? handler)
}

// the response type with `code` needs the code grant, to redeem the code
function acceptedTypes(addedCodeGrant: boolean): string[] {
  return openid.responseTypes.filter((type) => !addedCodeGrant || type === 'deferred_code')
}

function hintOf(plugin: Plugin): Rules['hint'] {
  const { profiles, ttl } = plugin.settings
  const isCodeDeferrable = isDeferrableGrant(plugin, 'authorization_code')
  return {
    isDeferrable: (ctx) => isCodeDeferrable && mayPoll(ctx),
    hasDefer: hasDefer(plugin.settings),
    isHint: (ctx, mode) => profiles.oauth && canWait(ctx, mode),
    assertRequest: (ctx, isHinted) => profiles.oauth && assertRequest(ctx, isHinted),
    evidenceOf,
    lifetime: ttl.deferral,
  }
}
