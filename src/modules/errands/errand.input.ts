import { badInput, isStorable, notStorable, type Currency, type FieldFault } from '../../kernel/index.js';
import {
  areaLengthMax,
  areaLengthMin,
  errandCategories,
  handoverPhases,
  type Errand,
  type ErrandCategory,
  type HandoverPhase,
} from './errand.js';
import { amountFault, namesFaults, refuse, textFaults, type MoneyInput } from './faults.js';

export interface PointInput {
  /** Degrees, -90 to 90. */
  readonly lat: number;
  /** Degrees, -180 to 180. */
  readonly lng: number;
}

/** What a customer may say of an errand; null clears an optional part, undefined leaves it. */
export interface ErrandPatch {
  /** 3 to 120 characters, trimmed. */
  readonly title?: string | null | undefined;
  /** 1 to 4,000 characters, trimmed. */
  readonly description?: string | null | undefined;
  readonly category?: ErrandCategory | null | undefined;
  /** 2 to 80 characters, trimmed; everyone sees it. */
  readonly area?: string | null | undefined;
  /** Above 0, up to `amountMinorMax`. */
  readonly budget?: MoneyInput | null | undefined;
  /** 0 to `amountMinorMax`. Default 0. */
  readonly goodsBudget?: MoneyInput | null | undefined;
  /** The runner is paid for goods against each receipt, before the delivery is settled. Default false. */
  readonly goodsInAdvance?: boolean | null | undefined;
  /** Where the runner has to give a code. Default nowhere. */
  readonly requiresCodes?: readonly HandoverPhase[] | null | undefined;
  /** Up to 300 characters. */
  readonly pickupAddress?: string | null | undefined;
  readonly pickupPoint?: PointInput | null | undefined;
  readonly dropoffAddress?: string | null | undefined;
  readonly dropoffPoint?: PointInput | null | undefined;
  /** At most 365 days ahead, like `deliverBy`, and not after it. */
  readonly startBy?: Date | null | undefined;
  readonly deliverBy?: Date | null | undefined;
  /** At most 90 days ahead. Default: in 7 days. */
  readonly expiresAt?: Date | null | undefined;
}

export interface NewErrand extends ErrandPatch {
  readonly title: string;
  readonly description: string;
  readonly category: ErrandCategory;
  readonly area: string;
  readonly budget: MoneyInput;
  /** Open it for offers at once. Default false. */
  readonly publish?: boolean | undefined;
}

/** The columns that input decides. */
export type ErrandColumns = Pick<
  Errand,
  | 'title'
  | 'description'
  | 'category'
  | 'area'
  | 'budget'
  | 'goodsBudget'
  | 'goodsInAdvance'
  | 'requiresPickupCode'
  | 'requiresDropoffCode'
  | 'pickupAddress'
  | 'pickupLat'
  | 'pickupLng'
  | 'dropoffAddress'
  | 'dropoffLat'
  | 'dropoffLng'
  | 'startBy'
  | 'deliverBy'
  | 'expiresAt'
>;

const dayMs = 24 * 60 * 60 * 1000;
const expiryDefaultMs = 7 * dayMs;
const expiryDaysMax = 90;
const scheduleDaysMax = 365;
const addressLengthMax = 300;

/** @throws AppError BAD_INPUT listing every fault of the input at once */
export function parseNewErrand(input: NewErrand, currency: Currency, now: Date): ErrandColumns {
  const expiresAt = new Date(now.getTime() + expiryDefaultMs);
  const given = { ...definedOf(input), expiresAt: input.expiresAt ?? expiresAt };
  const { columns, faults } = readColumns(given, currency, now);
  const all = { ...blank, ...columns };
  refuse([...faults, ...timeFaults(all)]);
  return all as ErrandColumns;
}

/** Only what is given; the times are checked together with those that stay. @throws AppError BAD_INPUT listing every fault at once */
export function parseErrandPatch(
  patch: ErrandPatch,
  current: Errand,
  currency: Currency,
  now: Date,
): Partial<ErrandColumns> {
  const { columns, faults } = readColumns(patch, currency, now);
  if (faults.length === 0 && Object.keys(columns).length === 0)
    throw badInput('input', 'changes nothing; give at least one field.');
  refuse([...faults, ...timeFaults({ ...current, ...columns })]);
  return columns;
}

const blank = {
  goodsBudget: 0n,
  goodsInAdvance: false,
  requiresPickupCode: false,
  requiresDropoffCode: false,
  pickupAddress: null,
  pickupLat: null,
  pickupLng: null,
  dropoffAddress: null,
  dropoffLat: null,
  dropoffLng: null,
  startBy: null,
  deliverBy: null,
} as const;

type Columns = { -readonly [C in keyof ErrandColumns]?: ErrandColumns[C] };

function readColumns(input: ErrandPatch, currency: Currency, now: Date): { columns: Columns; faults: FieldFault[] } {
  const columns: Columns = {};
  const faults: FieldFault[] = [];
  const fault = (path: string, message: string): void => void faults.push({ path: `input.${path}`, message });

  const text = (name: 'title' | 'description' | 'area', lengthMin: number, lengthMax: number): void => {
    if (input[name] === undefined) return;
    const value = (input[name] ?? '').trim();
    if (value.length < lengthMin || value.length > lengthMax)
      fault(name, `takes ${lengthMin} to ${lengthMax} characters, got ${value.length}.`);
    else if (!isStorable(value)) fault(name, notStorable);
    else columns[name] = value;
  };
  const money = (name: 'budget' | 'goodsBudget', minorMin: bigint): void => {
    if (input[name] === undefined) return;
    const value = input[name] ?? { minor: 0n, currency };
    const found = amountFault(`input.${name}`, value, currency, minorMin);
    if (found) faults.push(found);
    else columns[name] = value.minor;
  };
  const place = (name: 'pickup' | 'dropoff'): void => {
    const address = input[`${name}Address`];
    if (address !== undefined) columns[`${name}Address`] = address?.trim() || null;
    faults.push(...textFaults(`input.${name}Address`, address, addressLengthMax));
    const point = input[`${name}Point`];
    if (point === undefined) return;
    if (point && !isWithin(point.lat, 90)) fault(`${name}Point.lat`, `must be from -90 to 90, got ${point.lat}.`);
    if (point && !isWithin(point.lng, 180)) fault(`${name}Point.lng`, `must be from -180 to 180, got ${point.lng}.`);
    columns[`${name}Lat`] = point?.lat ?? null;
    columns[`${name}Lng`] = point?.lng ?? null;
  };
  const time = (name: 'startBy' | 'deliverBy' | 'expiresAt'): void => {
    const value = input[name];
    if (value === undefined) return;
    if (value === null && name === 'expiresAt') return fault(name, 'cannot be removed.');
    if (value && !(value > now)) return fault(name, 'must be a time in the future.');
    const daysMax = name === 'expiresAt' ? expiryDaysMax : scheduleDaysMax;
    if (value && value.getTime() > now.getTime() + daysMax * dayMs)
      return fault(name, `must be within ${daysMax} days.`);
    Object.assign(columns, { [name]: value });
  };

  text('title', 3, 120);
  text('description', 1, 4000);
  text('area', areaLengthMin, areaLengthMax);
  if (input.category !== undefined) {
    if (input.category && errandCategories.includes(input.category)) columns.category = input.category;
    else fault('category', `must be one of ${errandCategories.join(', ')}.`);
  }
  money('budget', 1n);
  money('goodsBudget', 0n);
  if (input.goodsInAdvance !== undefined) columns.goodsInAdvance = input.goodsInAdvance ?? false;
  if (input.requiresCodes !== undefined) {
    const phases = input.requiresCodes ?? [];
    faults.push(...namesFaults('input.requiresCodes', phases, handoverPhases));
    columns.requiresPickupCode = phases.includes('PICKUP');
    columns.requiresDropoffCode = phases.includes('DROPOFF');
  }
  place('pickup');
  place('dropoff');
  time('startBy');
  time('deliverBy');
  time('expiresAt');
  return { columns, faults };
}

function timeFaults({ startBy, deliverBy }: { startBy?: Date | null; deliverBy?: Date | null }): readonly FieldFault[] {
  if (!startBy || !deliverBy || startBy <= deliverBy) return [];
  return [{ path: 'input.deliverBy', message: 'must not be before startBy.' }];
}

/** A new errand takes null as not given, so that its required parts say they are missing. */
function definedOf(input: NewErrand): ErrandPatch {
  const required = { title: null, description: null, category: null, area: null, budget: null };
  return {
    ...required,
    ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined)),
  };
}

function isWithin(degrees: number, limit: number): boolean {
  return Number.isFinite(degrees) && Math.abs(degrees) <= limit;
}
