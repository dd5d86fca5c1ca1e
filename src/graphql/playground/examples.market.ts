import { customer, type PlaygroundExample } from './example.js';

export const marketExamples: readonly PlaygroundExample[] = [
  {
    query: `# THE MARKET · Open errands, newest first. Run it twice and look at the
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
    query: `# THE MARKET · Narrowed by area, category and words; the cache keeps each list apart.
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
    query: `# THE MARKET · The bank directory of a country: NG, GH, KE or ZA.
query Banks {
  banks(country: "NG", search: "access") { name code codeScheme type currency }
}
`,
  },
  {
    query: `# THE MARKET · Errands as they are opened: press play, then publish one in another window.
# Subscriptions come as an event stream here, and over WebSocket for clients that like it better.
subscription NewErrands {
  errandPosted { title area budget { formatted } customer { displayName } }
}
`,
  },
  {
    query: `# SIGN IN · Other clients do this and send "Authorization: Bearer <accessToken>". The tabs that follow
# are signed in by this page: their headers, below, say as whom.
mutation SignIn {
  signIn(input: { email: "ada@runam.test", password: "<password>" }) {
    accessToken
    expiresIn
    user { displayName roles }
  }
}
`,
  },
  {
    as: customer,
    query: `# ADA · You, your money and your errands.
query Mine {
  me { displayName email roles }
  myWallet { balance { formatted } }
  myErrands(first: 5) { edges { node { id title state version } } }
}
`,
  },
  {
    as: customer,
    query: `# ADA · What you may do with a delivered errand, until when, and what would be booked:
# confirming it pays the runner, less commission and VAT, to the minor unit.
query WhatNow {
  errand(id: "c6d556c3-294e-80b9-b26f-907361f1932b") {
    title
    state
    autoReleaseAt
    allowedActions {
      name
      mutation
      enabled
      deadline
      reasons { code message }
      postings { from to amount { formatted } }
    }
  }
}
`,
  },
  {
    as: customer,
    query: `# ADA · Where your money waits: nobody but the two parties and staff sees an escrow.
query MyEscrows {
  myEscrows(first: 20) {
    edges {
      node {
        state
        isFrozen
        gross { formatted }
        held { formatted }
        released { formatted }
        refunded { formatted }
        goodsReceipted { formatted }
        tips { formatted }
        milestones { seq title state amount { formatted } fees { formatted } }
        errand { title state proofs { kind note amount { formatted } } }
      }
    }
  }
}
`,
  },
  {
    as: customer,
    query: `# ADA · A runner, and what customers say. A review is seen once both have given theirs,
# or when nobody can give one any more.
query Bola {
  user(id: "0bd30668-75a1-861f-909e-7af4af8008a2") {
    displayName
    homeArea
    rating
    ratingCount
    reviews(first: 5) { edges { node { stars text author { displayName } errand { title } } } }
  }
}
`,
  },
  {
    as: customer,
    query: `# ADA · What you were told; markNotificationsRead puts it away.
query News {
  myNotifications(first: 10, unreadOnly: true) {
    edges { node { kind createdAt params { name value } errand { id title state } } }
  }
}
`,
  },
  {
    as: customer,
    query: `# ADA · The same as it happens: press play, then make an offer (MakeOffer) in another window.
subscription MyNews {
  notificationReceived { kind createdAt errand { title state } }
}
`,
  },
];
