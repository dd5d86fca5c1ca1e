/** What has been started, to be stopped in the opposite order. */
export type Stops = (() => Promise<void>)[];
