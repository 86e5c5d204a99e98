// The small world of the mock server, whole.
export * from './records'
export * from './team'
export * from './work'
export * from './world'
