import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tx } from '../../db/index.js';
import type { Clock } from '../../kernel/index.js';
import { planBankImport, type BankImportPlan } from './bank.plan.js';
import { parseBankDirectory, type BankDirectory } from './bank.source.js';

/** What an import found and did; all counts 0 and `banks` the length of the source when there was nothing to do. */
export interface BankImportReport {
  readonly banks: number;
  readonly created: number;
  readonly changed: number;
  readonly closed: number;
  readonly codesCreated: number;
  readonly codesClosed: number;
  readonly aliasesCreated: number;
  /** Rows of another provider's list that name a bank of ours beyond doubt. */
  readonly conflictsMatched: number;
  /** The rows that do not; they are not imported. */
  readonly conflictsLeftOut: BankImportPlan['conflictsLeftOut'];
}

/** The directory that comes with RunAm, its provenance in `prisma/data`. */
const bundledFile = fileURLToPath(new URL('../../../prisma/data/banks.json', import.meta.url));

/** @throws AppError BAD_INPUT with the line of every fault */
export async function readBankDirectory(file: string = bundledFile): Promise<BankDirectory> {
  return parseBankDirectory(await readFile(file, 'utf8'), basename(file));
}

/**
 * Brings the stored banks to what the directory says, in the open transaction. Importing the same directory again writes
 * nothing; two imports at once follow one another. Ids are a function of the codes, the same in every database.
 */
export async function importBanks(tx: Tx, directory: BankDirectory, clock: Clock): Promise<BankImportReport> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('runam:bank-import', 0))`;
  const now = clock.now();
  const stored = await tx.bank.findMany({ include: { codes: true, aliases: true } });
  const plan = planBankImport(stored, directory, now);
  await carryOut(tx, plan, now);
  return {
    banks: directory.banks.length,
    created: plan.newBanks.length,
    changed: plan.changedBanks.length,
    closed: plan.closedBankIds.length,
    codesCreated: plan.newCodes.length,
    codesClosed: plan.closedCodeIds.length,
    aliasesCreated: plan.newAliases.length,
    conflictsMatched: plan.conflictsMatched,
    conflictsLeftOut: plan.conflictsLeftOut,
  };
}

/** Codes end before others begin: a code that moves from one bank to another is in force once at any time. */
async function carryOut(tx: Tx, plan: BankImportPlan, now: Date): Promise<void> {
  const { newBanks, changedBanks, closedBankIds, newCodes, changedCodes, closedCodeIds, newAliases } = plan;
  if (closedCodeIds.length > 0) {
    await tx.bankCode.updateMany({ where: { id: { in: [...closedCodeIds] } }, data: { validTo: now } });
  }
  if (closedBankIds.length > 0) {
    const data = { active: false, validTo: now, updatedAt: now };
    await tx.bank.updateMany({ where: { id: { in: [...closedBankIds] } }, data });
  }
  if (newBanks.length > 0) await tx.bank.createMany({ data: [...newBanks] });
  for (const { id, data } of changedBanks) await tx.bank.updateMany({ where: { id }, data });
  if (newCodes.length > 0) await tx.bankCode.createMany({ data: [...newCodes] });
  for (const { id, data } of changedCodes) await tx.bankCode.updateMany({ where: { id }, data });
  if (newAliases.length > 0) await tx.bankAlias.createMany({ data: [...newAliases] });
}
