const transitions = ['transitions', 'transition_entries', 'transition_notification'].map((name) => `deferral/${name}`)

/** The files that faults are planted in, and the suites that have to find them. */
export const targets: Record<string, string[]> = {
  'lib/deferral/transitions.ts': transitions,
  'lib/deferral/notification_steps.ts': transitions,
  'lib/deferral/outcome.ts': ['deferral/outcome'],
  'lib/deferral/narrow.ts': ['deferral/narrow', 'deferral/narrow_rules'],
  'lib/profile/presented_handle.ts': [
    'openid/exchange',
    'openid/revocation',
    'openid/attested_clients',
    'oauth/mtls',
    'oauth/bound_revocation',
  ],
  'lib/notification/egress_rules.ts': ['notification/egress_rules'],
  'lib/notification/addresses.ts': ['notification/addresses'],
}
