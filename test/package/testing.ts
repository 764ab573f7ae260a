/*
 * Runs in a project where the package is installed, and is type-checked there: what `./testing` exports, and a provider that
 * starts, waits, approves and answers.
 */
import {
  type ContractTest,
  type CreatedDeferral,
  createDeferral,
  type FakeProvider,
  type FakeProviderOptions,
  fakeProvider,
  type MovableStore,
  memoryAdapter,
  memoryStore,
  type Open,
  type ReceivedNotification,
  type ReceiverOptions,
  type RecordingReceiver,
  type Reviewer,
  recordingReceiver,
  reviewer,
  runningClock,
  type Script,
  type Step,
  storeContract,
  type TestClock,
  type TestDeferral,
  testClock,
} from 'oidc-provider-deferred/testing'

const clock: TestClock = testClock()
const store: MovableStore = memoryStore({ clock })
const open: Open = () => store
export const contract: ContractTest[] = storeContract(open)
export const clocks: TestClock[] = [clock, runningClock()]
export const answering: ReceiverOptions = { answer: () => new Response(null, { status: 503 }) }

const receiver: RecordingReceiver = await recordingReceiver()
const steps: Step[] = ['wait', { progress: { step: 'checked' } }, 'approve']
const script: Script = ({ scope }) => (scope.includes('payments') ? steps : 'deny')
const options: FakeProviderOptions = { script, receiver, configuration: { adapter: memoryAdapter() } }
const op: FakeProvider = await fakeProvider(options)
const request: TestDeferral = { clientId: op.client.client_id, profile: 'openid', scope: ['openid', 'payments'] }
const { id, handle }: CreatedDeferral = await createDeferral(op.provider, request)
const decides: Reviewer = reviewer(op.provider)
const [approved] = await decides.approveAll({ note: 'packed' })
const [notification]: ReceivedNotification[] = await receiver.waitFor(1)
await op.close()
await receiver.close()
if (approved?.id !== id || notification?.handle !== handle) throw new Error('the provider of ./testing does not work')
