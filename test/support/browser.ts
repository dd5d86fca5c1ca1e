import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { vi } from 'vitest';
import { chromiumFile } from './services.js';

export interface BrowserPage {
  readonly page: Page;
  /** What the page said on its console as an error, and exceptions nobody caught. */
  readonly faults: readonly string[];
  /** Every address the page asked for. */
  readonly requests: readonly string[];
}

/** Nothing that a browser does on its own account may reach the network. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumFile(), args: flags });
}

export async function openPage(browser: Browser, url: string): Promise<BrowserPage> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const faults: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('pageerror', (error) => void faults.push(String(error)));
  page.on('request', (request) => void requests.push(request.url()));
  await page.goto(url);
  return { page, faults, requests };
}

export interface PlaygroundPage {
  readonly tabs: Locator;
  choose(index: number): Promise<void>;
  /** Presses the play button until the result shows a text. */
  run(shows: string): Promise<void>;
}

const patience = { timeout: 30_000 };

/** GraphiQL, ready to be used. */
export async function enterPlayground(page: Page): Promise<PlaygroundPage> {
  const play = page.getByRole('button', { name: /execute query/i });
  const tabs = page.locator('[role="tab"] .graphiql-tab-button');
  await play.waitFor();
  return {
    tabs,
    async choose(index) {
      const name = (await tabs.nth(index).textContent()) ?? '';
      const chosen = page.locator('[role="tab"][aria-selected="true"]').getByText(name, { exact: true });
      await tabs.nth(index).hover();
      // A tab grows under the mouse and can be dragged: a press while it still moves is not taken for a click.
      await vi.waitFor(async () => {
        await tabs.nth(index).click({ delay: 50 });
        await chosen.waitFor({ timeout: 1000 });
      }, patience);
    },
    // GraphiQL reads the operations of a tab a moment after it is chosen; until then it sends the last tab's name.
    run: (shows) =>
      vi.waitFor(async () => {
        await play.click();
        await page.locator('.result-window').getByText(shows).waitFor({ timeout: 2000 });
      }, patience),
  };
}
