const transitions = ['transitions', 'transition_entries', 'transition_notification', 'assignment_transitions'].map(
  (name) => `deferral/${name}`,
)

/** The files that faults are planted in, and the suites that have to find them. */
export const targets: Record<string, string[]> = {
  'lib/deferral/transitions.ts': transitions,
  'lib/deferral/sweep_transitions.ts': [...transitions, 'deferral/overdue_transition'],
  'lib/deferral/notification_transitions.ts': transitions,
  'lib/deferral/assignment_transitions.ts': transitions,
  'lib/deferral/erasure_transition.ts': ['deferral/erasure_transition'],
  'lib/deferral/vote_transitions.ts': ['deferral/vote_transitions'],
  'lib/deferral/quorum.ts': ['deferral/quorum', 'deferral/vote_transitions'],
  'lib/deferral/common_details.ts': ['deferral/quorum'],
  'lib/deferral/history.ts': ['deferral/history'],
  'lib/deferral/outcome.ts': ['deferral/outcome'],
  'lib/deferral/narrow.ts': ['deferral/narrow', 'deferral/narrow_rules', 'deferral/narrowed_members'],
  'lib/protocol/rightful_client.ts': [
    'protocol/openid/exchange',
    'protocol/openid/revocation',
    'protocol/openid/attested_clients',
    'protocol/oauth/mtls',
    'protocol/oauth/bound_revocation',
  ],
  'lib/notification/egress/rules.ts': ['notification/egress/rules'],
  'lib/notification/egress/addresses.ts': ['notification/egress/addresses'],
}
