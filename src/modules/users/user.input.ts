import { z } from 'zod';
import { AppError, isStorable, notStorable } from '../../kernel/index.js';

/** The roles people give themselves when they sign up; the others are granted by an admin. */
export const selfServiceRoles = ['CUSTOMER', 'RUNNER'] as const;
export type SelfServiceRole = (typeof selfServiceRoles)[number];

export interface SignUpInput {
  /** Kept trimmed and in lower case; one account per address and tenant. */
  readonly email: string;
  /** 10 to 128 characters, any. */
  readonly password: string;
  /** 1 to 60 characters. */
  readonly displayName: string;
  /** E.164, such as `+2348012345678`; spaces, dots, hyphens and brackets are dropped. */
  readonly phone?: string | null | undefined;
  readonly role: SelfServiceRole;
}

/** The first admin of a market, who nobody could have granted the role; each field as in `SignUpInput`. */
export type AdminInput = Pick<SignUpInput, 'email' | 'password' | 'displayName'>;

/** What is left out stays as it is; `null` empties it. */
export interface ProfilePatch {
  readonly displayName?: string | undefined;
  /** At most 500 characters. */
  readonly bio?: string | null | undefined;
  /** An `https://` address of at most 2,048 characters. */
  readonly avatarUrl?: string | null | undefined;
  /** 2 to 80 characters. */
  readonly homeArea?: string | null | undefined;
  /** Where a runner sets off from. Degrees, WGS 84. */
  readonly homePoint?: { readonly lat: number; readonly lng: number } | null | undefined;
}

const passwordLengthMin = 10;
const passwordLengthMax = 128;
const emailLengthMax = 254;
const displayNameLengthMax = 60;
const bioLengthMax = 500;
const urlLengthMax = 2048;
const areaLengths = [2, 80] as const;
/** ITU-T E.164: a country code, which never begins with 0, and at most 15 digits in all. */
const phonePattern = /^\+[1-9]\d{6,14}$/;
const controlCharacters = /\p{Cc}/u;

/** The form an address is kept and looked up in. */
export function normaliseEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** @throws AppError BAD_INPUT with every fault of the input, not only the first */
export function parseSignUp(input: SignUpInput): z.output<typeof signUpSchema> {
  return parsed(signUpSchema, input);
}

/** By the rules of sign-up. @throws AppError BAD_INPUT with every fault */
export function parseAdmin(input: AdminInput): AdminInput {
  return parsed(signUpSchema.pick({ email: true, password: true, displayName: true }), input, 'admin');
}

/** @throws AppError BAD_INPUT */
export function parseProfilePatch(patch: ProfilePatch): z.output<typeof profileSchema> {
  return parsed(profileSchema, patch);
}

const displayName = line('A name', 1, displayNameLengthMax);

const signUpSchema = z.object({
  email: text()
    .transform(normaliseEmail)
    .pipe(
      z
        .email({ error: 'must be an email address, such as ada@example.com.' })
        .max(emailLengthMax, { error: `must have at most ${emailLengthMax} characters.` }),
    ),
  password: text().refine(
    (password) => within(lengthOf(password.normalize('NFKC')), passwordLengthMin, passwordLengthMax),
    {
      error: `must have ${passwordLengthMin} to ${passwordLengthMax} characters.`,
    },
  ),
  displayName,
  phone: text()
    .transform((phone) => phone.replaceAll(/[\s().-]/g, ''))
    .refine((phone) => phonePattern.test(phone), {
      error: 'must be an international number with + and country code, such as +2348012345678.',
    })
    .nullish()
    .transform((phone) => phone ?? null),
  role: z.enum(selfServiceRoles, { error: `must be one of ${selfServiceRoles.join(', ')}.` }),
});

const profileSchema = z
  .object({
    displayName: displayName.optional(),
    bio: text()
      .trim()
      .refine((bio) => lengthOf(bio) <= bioLengthMax, { error: `must have at most ${bioLengthMax} characters.` })
      .nullish(),
    avatarUrl: text()
      .max(urlLengthMax, { error: `must have at most ${urlLengthMax} characters.` })
      .pipe(z.url({ protocol: /^https$/, error: 'must be an https:// address.' }))
      .nullish(),
    homeArea: line('An area', ...areaLengths).nullish(),
    homePoint: z.object({ lat: degrees(90), lng: degrees(180) }).nullish(),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    error: 'names nothing to change; give displayName, bio, avatarUrl, homeArea or homePoint.',
  });

function degrees(limit: number) {
  const error = `must be from -${limit} to ${limit}.`;
  return z.number({ error }).refine((value) => Math.abs(value) <= limit, { error });
}

function text() {
  return z.string({ error: 'must be text.' }).refine(isStorable, { error: notStorable, abort: true });
}

/** One line of text without control characters; spaces around it are dropped. */
function line(what: string, min: number, max: number) {
  return text()
    .trim()
    .refine((value) => within(lengthOf(value), min, max), { error: `must have ${min} to ${max} characters.` })
    .refine((value) => !controlCharacters.test(value), {
      error: `${what} is one line of text, without control characters.`,
    });
}

/** Characters as people count them better than UTF-16 does: an emoji is one. */
function lengthOf(value: string): number {
  return [...value].length;
}

function within(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown, at = 'input'): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({ path: [at, ...path].join('.'), message }));
  const summary = fields.map(({ path, message }) => `${path}: ${message}`).join(' ');
  throw new AppError('BAD_INPUT', summary, { fields });
}
