import { arbiter, customer, finance, runner, type PlaygroundExample } from './example.js';

/** Money that comes in, goes out, and is disagreed about. */
export const moneyExamples: readonly PlaygroundExample[] = [
  {
    as: customer,
    query: `# MONEY · Into the wallet, through the sandbox provider: no real money moves.
mutation TopUp {
  topUpWallet(idempotencyKey: "playground-top-up", input: { amount: { minor: 500000, currency: NGN } }) {
    charge { state received { formatted } }
    wallet { balance { formatted } }
  }
}
`,
  },
  {
    as: customer,
    query: `# MONEY · Every line of a wallet, with the balance behind each.
query Statement {
  myStatement(first: 10) {
    opening { formatted }
    closing { formatted }
    lines { edges { node { bookedAt kind side amount { formatted } balance { formatted } } } }
  }
}
`,
  },
  {
    as: runner,
    query: `# PAYOUTS · Where you are paid out to, and what became of it: one waits for FINANCE.
query Payouts {
  myWallet { balance { formatted } }
  myPayoutAccounts { id last4 accountName nameMatchScore bank { name } }
  myPayouts(first: 5) {
    edges { node { state amount { formatted } fee { formatted } reason events { seq transition at } } }
  }
}
`,
  },
  {
    as: runner,
    query: `# PAYOUTS · A small one needs nobody's approval. It asks for the password again.
mutation RequestPayout {
  requestPayout(
    idempotencyKey: "playground-payout"
    input: {
      payoutAccountId: "ae073886-e76b-8980-a5b2-fd7a54c72707"
      amount: { minor: 500000, currency: NGN }
      password: "<password>"
    }
  ) {
    payout { state amount { formatted } fee { formatted } }
  }
}
`,
  },
  {
    as: finance,
    query: `# PAYOUTS · FINANCE sees those of everybody, also what nobody knows the end of yet (UNKNOWN).
query PayoutRegister {
  waiting: payouts(first: 5, state: REQUESTED) { edges { node { id amount { formatted } user { displayName } } } }
  unknown: payouts(first: 5, state: UNKNOWN) {
    edges { node { amount { formatted } reason handling { provider attempt nextCheckAt lastError } } }
  }
  reversed: payouts(first: 5, state: REVERSED) { edges { node { amount { formatted } reason settledAt } } }
}
`,
  },
  {
    as: finance,
    query: `# PAYOUTS · And lets Bola's go: it is handed to the provider, by the same reference however often.
mutation ApprovePayout {
  approvePayout(id: "8423b72b-4ac7-8a9e-be44-a2eb50c56070", idempotencyKey: "playground-approve") {
    payout { state amount { formatted } user { displayName } }
  }
}
`,
  },
  {
    as: customer,
    query: `# DISPUTES · Yours: their money is frozen, and each step has a time by which a published rule decides.
query MyDisputes {
  disputes(first: 20) {
    edges {
      node {
        state
        reason
        claim { formatted }
        dueAt
        openedBy { displayName }
        response
        evidence { kind note by { displayName } revealedAt }
        decisions { outcome rule reason customerAmount { formatted } runnerAmount { formatted } fees { formatted } }
        errand { title state }
      }
    }
  }
}
`,
  },
  {
    as: customer,
    query: `# DISPUTES · A runner has opened this one; you answer, and show what you have.
mutation RespondToDispute {
  respondToDispute(
    disputeId: "0d3a6604-3ab1-8b37-bc4b-a95e86da0b24"
    idempotencyKey: "playground-respond"
    input: {
      statement: "Nobody rang at the gate; the guard has a book of everybody who did."
      evidence: [
        {
          kind: PHOTO
          sha256: "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c"
          note: "The page of that day."
        }
      ]
    }
  ) {
    dispute { state dueAt evidence { kind note by { displayName } } }
  }
}
`,
  },
  {
    as: arbiter,
    query: `# DISPUTES · An arbiter sees all that wait for a decision, with what both parties have shown.
query ToDecide {
  disputes(first: 10, state: UNDER_REVIEW) {
    edges {
      node {
        id
        reason
        response
        claim { formatted }
        dueAt
        customer { displayName }
        runner { displayName }
        evidence { kind note by { displayName } }
        decisions { id outcome decidedAt reason }
        errand { title escrow { held { formatted } } }
      }
    }
  }
}
`,
  },
  {
    as: arbiter,
    query: `# DISPUTES · And decides: the parties have 48 hours to appeal before the money moves.
mutation ProposeResolution {
  proposeResolution(
    disputeId: "97c47eb2-84eb-82b3-9dda-a2d6b0799e92"
    idempotencyKey: "playground-decide"
    input: { outcome: RELEASE, reason: "The photo shows the parcel at the right door, in time." }
  ) {
    dispute {
      state
      dueAt
      decisions { outcome reason runnerAmount { formatted } customerAmount { formatted } fees { formatted } }
    }
  }
}
`,
  },
];
