export type { AccessRequest, AccessRequests, ApproverScript, ApproverStep, Reply } from './access_requests.js'
export { runningClock, type TestClock, testClock } from './clock.js'
export { type CreatedDeferral, createDeferral, type TestDeferral } from './create_deferral.js'
export { type FakeProvider, type FakeProviderOptions, fakeProvider } from './fake_provider.js'
export type { Open } from './fixture.js'
export { memoryAdapter } from './memory_adapter.js'
export { type MovableStore, memoryStore } from './memory_store.js'
export {
  type PolicyAnswer,
  type PolicyCall,
  type PolicyQuestion,
  type PolicyService,
  policyService,
} from './policy_service.js'
export {
  type ReceivedNotification,
  type ReceiverOptions,
  type RecordingReceiver,
  recordingReceiver,
} from './receiver.js'
export { type Reviewer, reviewer, type Script, type Step } from './reviewer.js'
export { type ContractTest, storeContract } from './store_contract.js'
