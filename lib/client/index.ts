export * from './node_listener.js'
export * from './notification_receiver.js'
