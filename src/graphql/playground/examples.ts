/** One tab of the playground. Without `as` nobody needs to be signed in. */
export interface PlaygroundExample {
  readonly query: string;
  /** The demo login it runs as. */
  readonly as?: string;
}

const customer = 'ada@runam.test';
const runner = 'bola@runam.test';
const admin = 'admin@runam.test';

/** They run as they stand on the demo data, and leave it as it is but for the last one, which only touches what it makes. */
export const playgroundExamples: readonly PlaygroundExample[] = [
  {
    query: `# The market: open errands, newest first. Run it twice and look at the
# response header "cache-status": first a miss, then a hit.
query OpenErrands {
  errands(first: 5, filter: { states: [OPEN] }) {
    edges {
      node {
        id
        title
        area
        budget { formatted }
        customer { displayName rating }
        offersCount
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    query: `# Narrowed by area, category and words; the cache keeps each list apart.
query Deliveries {
  errands(
    first: 10
    orderBy: BUDGET_DESC
    filter: { categories: [DELIVERY, SHOPPING], area: "Yaba" }
  ) {
    edges { node { title state budget { formatted } } }
  }
}
`,
  },
  {
    query: `# The bank directory of a country: NG, GH, KE or ZA.
query Banks {
  banks(country: "NG", search: "access") { name code codeScheme type currency }
}
`,
  },
  {
    as: customer,
    query: `# You, your money and your errands. The headers below say who runs it.
query Mine {
  me { displayName email roles }
  myWallet { balance { formatted } }
  myErrands(first: 5) { edges { node { id title state version } } }
}
`,
  },
  {
    as: customer,
    query: `# Where your money waits: nobody but the two parties and staff sees an escrow.
query MyEscrows {
  myEscrows(first: 5) {
    edges {
      node {
        state
        gross { formatted }
        funded { formatted }
        released { formatted }
        refunded { formatted }
        errand { title state }
      }
    }
  }
}
`,
  },
  {
    as: customer,
    query: `# What you could do with your open errands now, and until when. With the id of an offer
# (offers(errandId: "…") has them), counterOffer names a price of your own to its runner.
query Haggle {
  myErrands(first: 5, as: CUSTOMER, states: [OPEN]) {
    edges {
      node {
        id
        title
        offersCount
        allowedActions(onlyEnabled: true) { name mutation deadline }
      }
    }
  }
}
`,
  },
  {
    as: runner,
    query: `# Where you are paid out to, and what became of it. addPayoutAccount and requestPayout
# make some; the sandbox knows every account number of 6 to 20 digits.
query Payouts {
  myWallet { balance { formatted } }
  myPayoutAccounts { id last4 accountName bank { name } }
  myPayouts(first: 5) {
    edges { node { state amount { formatted } fee { formatted } reason events { transition at } } }
  }
}
`,
  },
  {
    as: admin,
    query: `# The books, recomputed from every line: the imbalance is 0.
query Books {
  ledgerHealth { ok accounts journals imbalance negativeAccounts escrowMismatches }
}
`,
  },
  {
    as: customer,
    query: `# Writes down an errand that only its customer sees.
mutation PostDraft {
  postErrand(
    input: {
      title: "Fetch a parcel from the park"
      description: "Two boxes, one of them heavy."
      category: PICKUP
      area: "Yaba"
      budget: { minor: 350000, currency: NGN }
    }
  ) {
    errand { id title state version }
  }
}
`,
  },
];
