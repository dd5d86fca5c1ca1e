import { customer, runner, type PlaygroundExample } from './example.js';

/** The main road, each step on an errand of the demo that has come so far. */
export const roadExamples: readonly PlaygroundExample[] = [
  {
    as: customer,
    query: `# THE ROAD, 1 · Ada posts an errand. Run it again: the key has it posted once, and answered the same.
mutation PostErrand {
  postErrand(
    idempotencyKey: "playground-post"
    input: {
      title: "Fetch a parcel from the park"
      description: "Two boxes, one of them heavy."
      category: PICKUP
      area: "Yaba"
      budget: { minor: 350000, currency: NGN }
      publish: true
    }
  ) {
    errand { id title state version }
    isReplay
  }
}
`,
  },
  {
    as: runner,
    query: `# THE ROAD, 2 · Bola makes an offer on another one of hers.
mutation MakeOffer {
  makeOffer(
    errandId: "1356206d-4cac-8e41-812c-293b95f03081"
    idempotencyKey: "playground-offer"
    input: { amountMinor: "250000", message: "I am around the corner." }
  ) {
    offer { id state amount { formatted } }
  }
}
`,
  },
  {
    as: customer,
    query: `# THE ROAD, 3 · Ada sees it among the offers; acceptOffer(offerId: …) takes one, counterOffer names another price to its runner.
query Offers {
  offers(errandId: "1356206d-4cac-8e41-812c-293b95f03081") {
    id
    state
    amount { formatted }
    message
    runner { displayName rating }
    allowedActions { name mutation enabled }
  }
}
`,
  },
  {
    as: customer,
    query: `# THE ROAD, 4 · An errand whose offer she took waits for its money: from her wallet into escrow.
mutation FundEscrow {
  fundEscrow(errandId: "4d711939-9c42-86a2-82fc-5fc8544dd83c", idempotencyKey: "playground-fund") {
    escrow { state gross { formatted } held { formatted } }
    errand { title state }
  }
}
`,
  },
  {
    as: runner,
    query: `# THE ROAD, 5 · Bola starts on one that is funded.
mutation StartErrand {
  startErrand(id: "2a539a37-c4f0-8934-bc21-c11a8ec0a507", idempotencyKey: "playground-start") {
    errand { title state }
  }
}
`,
  },
  {
    as: runner,
    query: `# THE ROAD, 6 · He proves that another one is done. From here on the customer has 72 hours to look.
mutation SubmitProof {
  submitProof(
    id: "25c538d7-5c4c-8389-819c-1b61db5f1ed9"
    idempotencyKey: "playground-proof"
    proofs: [{ kind: PHOTO, sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" }]
  ) {
    errand { title state autoReleaseAt }
  }
}
`,
  },
  {
    as: customer,
    query: `# THE ROAD, 7 · Ada thanks the runner of a delivery, without commission.
mutation TipRunner {
  tipRunner(
    errandId: "c6d556c3-294e-80b9-b26f-907361f1932b"
    amountMinor: "10000"
    idempotencyKey: "playground-tip"
  ) {
    escrow { tips { formatted } }
  }
}
`,
  },
  {
    as: customer,
    query: `# THE ROAD, 8 · She confirms it: escrow to runner, commission and VAT in one transaction.
mutation ConfirmDelivery {
  confirmDelivery(errandId: "c6d556c3-294e-80b9-b26f-907361f1932b", idempotencyKey: "playground-confirm") {
    errand { title state }
    escrow { state released { formatted } refunded { formatted } held { formatted } }
  }
}
`,
  },
  {
    as: customer,
    query: `# THE ROAD, 9 · After that she has 14 days to review the runner (run ConfirmDelivery first).
mutation ReviewRunner {
  reviewUser(
    errandId: "c6d556c3-294e-80b9-b26f-907361f1932b"
    idempotencyKey: "playground-review"
    input: { stars: 5, text: "On time, and everything was there." }
  ) {
    review { stars visibleAt subject { displayName } }
  }
}
`,
  },
];
