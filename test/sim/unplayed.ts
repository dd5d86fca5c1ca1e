/** Mutations that nobody calls in the simulation, and why none is missed there. */
export const unplayed: Readonly<Record<string, string>> = {
  clearCache: 'Moves nothing; the whole cache is emptied by the simulation itself.',
  warmCache: 'Moves nothing.',
  createWebhookEndpoint: 'The simulation has no receivers of news.',
  updateWebhookEndpoint: 'The simulation has no receivers of news.',
  deleteWebhookEndpoint: 'The simulation has no receivers of news.',
  rotateWebhookSecret: 'The simulation has no receivers of news.',
  replayWebhookDelivery: 'The simulation has no receivers of news.',
  retryWebhook: 'At the end no webhook may have failed, so there is none to be tried again.',
  markNotificationsRead: 'Changes nothing but what its caller has read.',
  grantRole: 'Who may do what is part of the model, and does not change in it.',
  revokeRole: 'Who may do what is part of the model, and does not change in it.',
  blockUser: 'Who may bid on what does not change in the model; test/integration/people tests try it.',
  hideReview: 'Moves no money; it is tried in test/integration/reviews.test.ts.',
  signOut: 'Sessions end in the simulation by time and by answers that are lost.',
  updateProfile: 'Changes a name.',
};
