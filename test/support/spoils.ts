/** A node of a syntax tree, as ESTree has it. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One condition spoilt. */
export interface Spoil {
  readonly start: number;
  readonly end: number;
  /** What stands there instead. */
  readonly instead: string;
  readonly what: string;
}

/** The node and all below it, outer ones first. */
export function everyNode(node: Node): readonly Node[] {
  return [node, ...Object.values(node).flatMap(nodesIn)];
}

function nodesIn(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? everyNode(value) : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/**
 * Every way to spoil one condition of a guard: a refusal of a list never comes, a part of a chain or of a condition is not
 * looked at, a limit is off by one, a branch is always or never taken, a state of a list is missing or one too many.
 */
export function spoilsOf(guard: Node, text: string): readonly Spoil[] {
  return everyNode(guard).flatMap((node) => waysToSpoil(node, text));
}

const beside: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const disputeStates = ['AWAITING_RESPONSE', 'UNDER_REVIEW', 'RESOLVED', 'APPEALED', 'FINAL', 'WITHDRAWN'];

function waysToSpoil(node: Node, text: string): readonly Spoil[] {
  const textOf = ({ start, end }: Node): string => text.slice(start, end);
  const replace = ({ start, end }: Node, instead: string): Spoil => {
    const was = text.slice(start, end).replaceAll(/\s+/g, ' ');
    return { start, end, instead, what: `${was} -> ${instead}` };
  };
  const { type, operator } = node;
  const [left, right, test] = [node['left'], node['right'], node['test']] as [Node, Node, Node];
  if (type === 'CallExpression') return spoiltCall(node, textOf, replace);
  if (type === 'LogicalExpression' && operator === '&&') return [replace(left, 'true'), replace(right, 'true')];
  if (type === 'LogicalExpression' && operator === '||') return [replace(left, 'false'), replace(right, 'false')];
  // A default on the right is no condition.
  if (type === 'LogicalExpression' && right.type !== 'Literal' && right.type !== 'ObjectExpression')
    return [replace(left, 'undefined'), replace(right, 'undefined')];
  if (type === 'ConditionalExpression' || type === 'IfStatement')
    return [replace(test, 'true'), replace(test, 'false')];
  const other = type === 'BinaryExpression' ? beside[operator as string] : undefined;
  return other === undefined ? [] : [replace(node, `${textOf(left)} ${other} ${textOf(right)}`)];
}

function spoiltCall(node: Node, textOf: (node: Node) => string, replace: (node: Node, instead: string) => Spoil) {
  const { name } = node['callee'] as { readonly name?: string };
  const given = node['arguments'] as readonly Node[];
  if (name === 'firstOf') return (given[0]!['elements'] as readonly Node[]).map((one) => replace(one, 'undefined'));
  const states = given.filter(({ value }) => disputeStates.includes(value as string)).map(textOf);
  if (states.length === 0) return [];
  const call = (listed: readonly string[]): Spoil =>
    replace(node, `${name}(${[textOf(given[0]!), ...listed].join(', ')})`);
  const more = disputeStates.map((state) => `'${state}'`).filter((state) => !states.includes(state));
  return [
    ...states.map((state) => call(states.filter((one) => one !== state))),
    ...more.map((state) => call([...states, state])),
  ];
}
