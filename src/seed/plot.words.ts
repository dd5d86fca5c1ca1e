/** What people of the demo say, for chance to pick from. */
export const offerMessages = [
  null,
  'I am close by and can start at once.',
  'I have done this before, see my profile.',
  'Free this afternoon.',
] as const;

export const receiptNotes = [
  'Till receipt, photo on both sides.',
  'Market stall, handwritten and signed.',
  'Pharmacy receipt with the date.',
  'Second shop: the first one had run out.',
] as const;

export const milestonePlans = [
  [
    { title: 'Everything bought', percent: 40 },
    { title: 'Delivered and unpacked', percent: 60 },
  ],
  [
    { title: 'Collected at the first stop', percent: 30 },
    { title: 'Second stop', percent: 30 },
    { title: 'Handed over', percent: 40 },
  ],
] as const;

export const dropReasons = [
  'My bike broke down on the way.',
  'I was called to another job that cannot wait.',
  'The road is flooded, I cannot get there today.',
] as const;

interface Quarrel {
  readonly reason: string;
  readonly evidence: string;
  readonly answer: string;
  readonly reply: string;
}

/** Opened by the customer. */
export const customersQuarrels: readonly Quarrel[] = [
  {
    reason: 'The box arrived open and two of the things on the list were missing.',
    evidence: 'Photo of the open box at the door.',
    answer: 'The shop had packed it like this; I told the customer on the phone before I left.',
    reply: 'Photo of the box at the counter, with the time on the wall clock.',
  },
  {
    reason: 'It was delivered to the wrong gate and I had to fetch it myself.',
    evidence: 'Message of the neighbour who took it in.',
    answer: 'The address in the errand has no number; the guard said that it was the right gate.',
    reply: 'The guard signed for it.',
  },
  {
    reason: 'Half of the work was done and then nobody came back.',
    evidence: 'Photos of the two rooms, one untouched.',
    answer: 'There was no water from noon on. I offered to come again the next morning.',
    reply: 'My messages of that day.',
  },
  {
    reason: 'The receipts do not match what is in the bag.',
    evidence: 'The bag and the receipt side by side.',
    answer: 'One item was replaced by a dearer one, as agreed in the chat.',
    reply: 'The chat where this was agreed.',
  },
];

/** Opened by the runner. */
export const runnersQuarrels: readonly Quarrel[] = [
  {
    reason: 'Everything is delivered and signed for, and the customer does not answer any more.',
    evidence: 'The signed delivery note.',
    answer: 'I was travelling. One of the two parcels is not the one I sent.',
    reply: 'Photo of the label.',
  },
  {
    reason: 'I waited for two hours longer than agreed and want to be paid for the work.',
    evidence: 'Photos of the queue, hour by hour.',
    answer: 'The queue was part of the errand; the price was for the whole morning.',
    reply: 'The description of the errand.',
  },
];

export const decisionReasons = {
  release: 'The proof shows that what was agreed was done; the customer has shown nothing against it.',
  refund: 'What was agreed was not done, and the runner has shown nothing that explains it.',
  split: 'Both have a point: part of the work was done as agreed, and part of it was not.',
} as const;

export const appealReason = 'The decision does not look at the messages, which say that we had agreed on this.';

/** By stars, 5 first. */
export const reviewTexts: Readonly<
  Record<'customer' | 'runner', Readonly<Record<number, readonly (string | null)[]>>>
> = {
  customer: {
    5: ['Fast and careful, thank you!', 'Kept me posted all the way.', 'Brought the change to the kobo.', null],
    4: ['All good, a little later than hoped.', 'Friendly, and everything was there.', null],
    3: ['It worked out in the end.', null],
    2: ['Late, and hard to reach.'],
    1: ['Not what we had agreed on.'],
  },
  runner: {
    5: ['Clear address, quick to confirm.', 'A pleasure to work for.', null],
    4: ['Good customer, the gate was hard to find.', null],
    3: ['I had to wait a while at the door.', null],
    2: ['The list changed twice on the way.'],
    1: ['Did not pick up the phone.'],
  },
};

export const rejectReasons = [
  'The name of the account is not that of the runner.',
  'Too many accounts in a week; please write to support.',
] as const;
