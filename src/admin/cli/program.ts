export interface ProgramDeps {
  readonly a: string;
}
export function createProgram() {
  return undefined;
}
