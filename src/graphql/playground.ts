import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

export interface PlaygroundTab {
  readonly query: string;
  readonly variables?: string;
}

/** GraphiQL as one page with everything inlined, so it works without the internet. About 9 MB before compression. */
export function renderPlayground(endpoint: string): string {
  return renderGraphiQL({ endpoint, title: 'RunAm' });
}
