import { demoLoginHeader, demoLoginScript } from './demo-login.js';
import { eventStreamScript } from './event-streams.js';
import type { PlaygroundExample } from './example.js';
import { playgroundExamples } from './examples.js';

export interface PlaygroundOptions {
  readonly endpoint: string;
  /** Of the demo logins; undefined where there is no demo data, and the examples then need a token in their headers. */
  readonly demoPassword: string | undefined;
}

/** GraphiQL as one page with everything inlined, so it works without the internet. About 9 MB before compression. */
export async function renderPlayground({ endpoint, demoPassword }: PlaygroundOptions): Promise<string> {
  // The 9 MB are read when somebody looks at them, not at each start.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tabs = {
    defaultTabs: playgroundExamples(demoPassword ?? 'your password').map((example) =>
      tabOf(example, demoPassword !== undefined),
    ),
  };
  const page = renderGraphiQL({ endpoint, title: 'RunAm', ...tabs });
  const login = demoPassword === undefined ? '' : demoLoginScript(endpoint, demoPassword);
  // A function, because in a replacement text `$` has a meaning of its own.
  return page.replace('</title>', () => `</title>${eventStreamScript(endpoint)}${login}`);
}

function tabOf({ query, as }: PlaygroundExample, isDemo: boolean): { query: string; headers?: string } {
  if (!as) return { query };
  const headers = isDemo ? { [demoLoginHeader]: as } : { authorization: 'Bearer <accessToken>' };
  return { query, headers: JSON.stringify(headers, null, 2) };
}
