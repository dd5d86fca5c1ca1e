/** The pieces of a JSON text that matter for its shape; other white space falls between them. */
const pieces = /"(?:\\.|[^"\\])*"|[{}[\],:\n]|[^\s{}[\],:"]+/g;

interface Frame {
  readonly isArray: boolean;
  index: number;
  key: string | undefined;
}

export type JsonPath = readonly PropertyKey[];

/** Tells on which line (from 1) the value at a path of a well-formed JSON text begins; undefined when it has no such value. */
export function lineFinder(json: string): (path: JsonPath) => number | undefined {
  const lines = new Map<string, number>();
  const frames: Frame[] = [];
  let line = 1;
  for (const [piece] of json.matchAll(pieces)) {
    const top = frames.at(-1);
    if (piece === '\n') line += 1;
    else if (piece === ',') nextPart(top);
    else if (piece === '}' || piece === ']') frames.pop();
    else if (top && !top.isArray && top.key === undefined) top.key = JSON.parse(piece) as string;
    else if (piece !== ':') {
      lines.set(keyOf(frames.map(({ isArray, index, key }) => (isArray ? index : (key ?? '')))), line);
      if (piece === '{' || piece === '[') frames.push({ isArray: piece === '[', index: 0, key: undefined });
    }
  }
  return (path) => lines.get(keyOf(path));
}

function nextPart(frame: Frame | undefined): void {
  if (!frame) return;
  frame.index += 1;
  frame.key = undefined;
}

function keyOf(path: JsonPath): string {
  return JSON.stringify(path.map(String));
}
