import type { Currency } from '../kernel/index.js';
import type { ErrandCategory } from '../modules/errands/index.js';
import { standardFees } from '../modules/markets/index.js';

/** What a demo market is made of. */
export interface MarketSpec {
  readonly slug: string;
  readonly name: string;
  readonly currency: Currency;
  readonly users: number;
  readonly errands: number;
  readonly areas: readonly string[];
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  /** Minor units of the smallest price step; prices are multiples of it. */
  readonly priceStep: bigint;
  /** In price steps, for service and for goods. */
  readonly serviceSteps: readonly [number, number];
  readonly goodsSteps: readonly [number, number];
  /** Minor units: the largest payout, and one that somebody of FINANCE looks at. */
  readonly payoutMax: bigint;
  readonly payoutReviewed: bigint;
}

export const marketSpecs: readonly MarketSpec[] = [
  {
    slug: 'lagos',
    name: 'RunAm Lagos',
    currency: 'NGN',
    users: 140,
    errands: 1400,
    areas: [
      'Lekki',
      'Yaba',
      'Ikeja',
      'Surulere',
      'Victoria Island',
      'Ikoyi',
      'Ajah',
      'Maryland',
      'Festac',
      'Gbagada',
      'Magodo',
      'Apapa',
    ],
    firstNames: [
      'Chidi',
      'Ngozi',
      'Tunde',
      'Funke',
      'Emeka',
      'Amaka',
      'Segun',
      'Kemi',
      'Ifeanyi',
      'Zainab',
      'Musa',
      'Halima',
      'Dayo',
      'Uche',
      'Sade',
      'Femi',
    ],
    lastNames: [
      'Okafor',
      'Adeyemi',
      'Balogun',
      'Eze',
      'Ibrahim',
      'Nwosu',
      'Ogunleye',
      'Lawal',
      'Okonkwo',
      'Bello',
      'Afolabi',
      'Umeh',
    ],
    priceStep: 5_000n,
    serviceSteps: [30, 500],
    goodsSteps: [60, 1200],
    payoutMax: 40_000_000n,
    payoutReviewed: 6_000_000n,
  },
  {
    slug: 'nairobi',
    name: 'RunAm Nairobi',
    currency: 'KES',
    users: 60,
    errands: 600,
    areas: ['Westlands', 'Kilimani', 'Karen', 'Lavington', 'Embakasi', 'Kasarani', 'Ngong Road', 'Upper Hill'],
    firstNames: [
      'Wanjiru',
      'Otieno',
      'Achieng',
      'Kamau',
      'Njeri',
      'Kiprop',
      'Atieno',
      'Mwangi',
      'Chebet',
      'Omondi',
      'Wambui',
      'Hassan',
    ],
    lastNames: ['Mwangi', 'Odhiambo', 'Kimani', 'Cheruiyot', 'Njoroge', 'Ouma', 'Karanja', 'Koech', 'Wafula', 'Abdi'],
    priceStep: 5_000n,
    serviceSteps: [4, 90],
    goodsSteps: [10, 240],
    payoutMax: 8_000_000n,
    payoutReviewed: 1_500_000n,
  },
];

/** RunAm's terms in the demo: 12.5 % commission, VAT on it, 10 % for a late cancellation, free for 15 minutes. */
export const demoFees = standardFees;

interface Job {
  readonly category: ErrandCategory;
  /** `{from}` and `{to}` stand for parts of town. */
  readonly title: string;
  readonly description: string;
  readonly hasGoods?: boolean;
}

/** So large that a dispute about it takes two arbiters. */
export const largeJob = {
  category: 'CLEANING',
  title: 'Move a family of five from {from} to {to}',
  description: 'Pack, carry and unpack three bedrooms and a kitchen; bring four people and a lorry. Two days.',
  hasGoods: false,
  serviceSteps: [2600, 3200],
} as const satisfies Job & { readonly serviceSteps: readonly [number, number] };

export const jobs: readonly Job[] = [
  {
    category: 'DELIVERY',
    title: 'Parcel from {from} to {to}',
    description: 'One carton, about 5 kg. Call when you are at the gate in {from}; the guard in {to} will take it.',
  },
  {
    category: 'DELIVERY',
    title: 'Bring lunch to the office in {to}',
    description: 'Four packs are paid for at the kitchen in {from}. They should arrive warm, please.',
  },
  {
    category: 'DELIVERY',
    title: 'Laptop to a repair shop in {to}',
    description: 'Carry it by hand, not on a bike. Ask for a receipt with the serial number.',
  },
  {
    category: 'SHOPPING',
    title: 'Market run in {from}',
    description:
      'Tomatoes, peppers, onions, rice and oil; the list is in the chat. Keep the receipts and bring the change.',
    hasGoods: true,
  },
  {
    category: 'SHOPPING',
    title: 'Baby things from a shop in {from}',
    description: 'Diapers size 4 and wipes. Any brand on the list is fine, no substitutes for the milk.',
    hasGoods: true,
  },
  {
    category: 'SHOPPING',
    title: 'Phone charger and cable, {from}',
    description: 'An original one, with a receipt. I pay up to the goods budget.',
    hasGoods: true,
  },
  {
    category: 'PICKUP',
    title: 'Collect dry cleaning in {from}',
    description: 'Three shirts and a suit, ticket number in the chat. Bring them to {to}.',
  },
  {
    category: 'PICKUP',
    title: 'Pick up a cake in {from} for {to}',
    description: 'It is a birthday cake: a car, please, and keep it flat.',
  },
  {
    category: 'QUEUEING',
    title: 'Hold a place in the queue, {from}',
    description: 'Be there at 7 and hold the place until I arrive around 10.',
  },
  {
    category: 'QUEUEING',
    title: 'Stand in line for visa papers in {from}',
    description: 'Only the number is needed, I come with the papers myself.',
  },
  {
    category: 'DOCUMENTS',
    title: 'Certified copies in {from}',
    description: 'Two certificates, two copies each. The originals come back to {to} the same day.',
  },
  {
    category: 'DOCUMENTS',
    title: 'Hand in a form at the office in {to}',
    description: 'They stamp a copy; that stamped copy is the proof.',
  },
  {
    category: 'CLEANING',
    title: 'Two-room flat in {to}',
    description: 'Kitchen, bathroom and floors; cleaning things are there.',
  },
  {
    category: 'CLEANING',
    title: 'After the party: a hall in {to}',
    description: 'Chairs to stack, floor to sweep, bins out. Two hours should do.',
  },
  {
    category: 'REPAIRS',
    title: 'Leaking tap in {to}',
    description: 'Kitchen tap. Washers are here, bring your own tools.',
  },
  {
    category: 'REPAIRS',
    title: 'Hang a door in {from}',
    description: 'The door and the hinges are there. It sticks at the bottom, so it needs planing too.',
  },
  {
    category: 'OTHER',
    title: 'Walk two dogs in {to}',
    description: 'An hour in the evening. They are friendly and pull a little.',
  },
  {
    category: 'OTHER',
    title: 'Wait for the meter reader in {from}',
    description: 'Somebody has to open the gate between 9 and 12.',
  },
];
