/** Files that are mutated together, and the suites that have to notice. */
export interface Target {
  files: string[]
  suites: string[]
}

export const targets: Target[] = [
  {
    files: ['lib/deferral/transitions.ts', 'lib/deferral/notification_steps.ts'],
    suites: ['deferral/transitions', 'deferral/transition_entries', 'deferral/transition_notification'],
  },
  { files: ['lib/deferral/outcome.ts'], suites: ['deferral/outcome'] },
  { files: ['lib/deferral/narrow.ts'], suites: ['deferral/narrow', 'deferral/narrow_rules'] },
  {
    files: ['lib/profile/presented_handle.ts'],
    suites: ['openid/attested_clients', 'openid/dpop', 'oauth/mtls', 'oauth/dpop'],
  },
  { files: ['lib/notification/egress_rules.ts'], suites: ['notification/refused_registration'] },
  { files: ['lib/notification/addresses.ts'], suites: ['notification/addresses'] },
]
