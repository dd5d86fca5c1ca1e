import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync } from 'vite';
import { everyNode, spoilsOf, type Node, type Spoil } from './spoils.js';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));

export interface SpoiltRules {
  /** Every way to spoil one condition. */
  readonly spoils: readonly (Spoil & { readonly where: string })[];
  /** A module as it is, but for the one condition that is spoilt now. @param file of those that were given */
  load(file: string): Promise<Readonly<Record<string, unknown>>>;
  /** Spoils one, or none. @param index in `spoils` */
  spoil(index: number | undefined): void;
  remove(): Promise<void>;
}

/** The files of a folder below src that hold tables, and what their guards call into. */
export async function rulesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(join(rootDir, 'src', folder));
  return names
    .filter((name) => /(transitions|guards|refusals|facts|window|bidder)\.ts$/.test(name))
    .map((name) => `${folder}/${name}`);
}

/** Each of `all` more where it is not in the list, and less where it is. */
export function withOneChanged<T>(all: readonly T[], list: readonly T[]): readonly (readonly T[])[] {
  return all.map((one) => (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]));
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly program: Node;
}

/**
 * Copies modules in which each condition of each guard has a switch that spoils it (mutant schemata, after Untch, Offutt and
 * Harrold 1993), so that they are loaded once and not once for every way to spoil them.
 * @param files below src, of one folder: those with tables, and those that their guards call into
 */
export async function spoiltRules(files: readonly string[]): Promise<SpoiltRules> {
  const dir = await mkdtemp(join(tmpdir(), 'runam-rules-'));
  const sources = await Promise.all(files.map(readSource));
  const reached = guardsReach(sources);
  const spoils: SpoiltRules['spoils'][number][] = [];
  for (const source of sources) {
    const found = reached.flatMap((node) =>
      source.program === rootOf(sources, node) ? spoilsOf(node, source.text) : [],
    );
    await writeFile(join(dir, basename(source.file)), switched(source, found, spoils.length, files));
    spoils.push(...found.map((spoil) => ({ ...spoil, where: placeOf(source, spoil.start) })));
  }
  await writeFile(
    join(dir, 'switch.ts'),
    'export const switchOf: { index: number | undefined } = { index: undefined };\n',
  );
  const load = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(dir, basename(file))).href);
  const { switchOf } = (await load('switch.ts')) as { readonly switchOf: { index: number | undefined } };
  return { spoils, load, spoil: (index) => void (switchOf.index = index), remove: () => rm(dir, { recursive: true }) };
}

async function readSource(file: string): Promise<Source> {
  const text = await readFile(join(rootDir, 'src', file), 'utf8');
  const { program, errors } = parseSync(basename(file), text);
  if (errors.length > 0) throw new Error(`${file} cannot be read: ${errors[0]!.message}`);
  return { file, text, program: program as unknown as Node };
}

/** What stands under `guard:` in a table, and every function of these modules that it calls, however indirectly. */
function guardsReach(sources: readonly Source[]): readonly Node[] {
  const nodes = sources.flatMap(({ program }) => everyNode(program));
  const functions = new Map<string, Node[]>();
  for (const node of nodes)
    if (node.type === 'FunctionDeclaration') {
      const { name } = node['id'] as unknown as { readonly name: string };
      functions.set(name, [...(functions.get(name) ?? []), node]);
    }
  const isGuard = ({ type, key }: Node): boolean =>
    type === 'Property' && (key as { readonly name?: string } | undefined)?.name === 'guard';
  const reached = nodes.filter(isGuard).map(({ value }) => value as Node);
  for (const node of reached)
    for (const { type, name } of everyNode(node))
      if (type === 'Identifier')
        for (const called of functions.get(name as string) ?? []) if (!reached.includes(called)) reached.push(called);
  return reached;
}

function rootOf(sources: readonly Source[], node: Node): Node | undefined {
  return sources.find(({ program }) => everyNode(program).includes(node))?.program;
}

/** The text with a switch around each node that can be spoilt, and imports that lead where they led. */
function switched({ file, text, program }: Source, spoils: readonly Spoil[], first: number, copied: readonly string[]) {
  const inserted = new Map<number, { before: string; after: string }>();
  const at = (place: number) => inserted.get(place) ?? { before: '', after: '' };
  for (const [index, { start, end, instead }] of spoils.entries()) {
    const [opening, closing] = [at(start), at(end)];
    inserted.set(start, {
      ...opening,
      before: `${opening.before}(switchOf.index === ${first + index} ? ${instead} : `,
    });
    inserted.set(end, { ...closing, after: `)${at(end).after}` });
  }
  for (const { type, source } of everyNode(program)) {
    if (type !== 'ImportDeclaration' && type !== 'ExportNamedDeclaration') continue;
    const { start, end, value = '' } = (source ?? {}) as { start: number; end: number; value?: string };
    const target = resolve(rootDir, 'src', dirname(file), value);
    const isCopied = copied.some((one) => resolve(rootDir, 'src', one) === target.replace(/\.js$/, '.ts'));
    if (value.startsWith('.') && !isCopied)
      inserted.set(start, { before: `'${target}' /*`, after: '' }).set(end, { before: '*/', after: '' });
  }
  const places = [...inserted.keys()].toSorted((one, other) => one - other);
  let whole = `import { switchOf } from './switch.js';\n`;
  let from = 0;
  for (const place of places) {
    const { before, after } = at(place);
    whole += text.slice(from, place) + after + before;
    from = place;
  }
  return whole + text.slice(from);
}

function placeOf({ file, text }: Source, start: number): string {
  return `${basename(file)}:${text.slice(0, start).split('\n').length}`;
}
