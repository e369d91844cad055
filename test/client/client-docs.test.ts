/**
 * docs/client.md and docs/migration.md against the client: what they show compiles in a project that has the package, and the
 * tables of docs/client.md name what there is, and nothing else.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  ChatMessage,
  RequestError,
  SessionClient,
  SessionClientOptions,
  SessionClientState,
} from "../../client/core/index.ts";
import type { EnhancedSession } from "../../client/solid/index.ts";
import { InstalledPackage } from "./installed-package.ts";

type Names<T> = Readonly<Record<keyof T, true>>;

const OPTIONS: Names<SessionClientOptions> = {
  baseUrl: true,
  teamId: true,
  autoCreate: true,
  autoRefresh: true,
  refreshInterval: true,
  crossTabSync: true,
  tokenTransport: true,
  getIdentityToken: true,
  getTurnstileToken: true,
  legacy: true,
  fingerprint: true,
  inviteUrl: true,
  storage: true,
  fetch: true,
  WebSocket: true,
  now: true,
  environment: true,
};

const STATE: Names<SessionClientState> = {
  status: true,
  sessionId: true,
  session: true,
  previous: true,
  offer: true,
  legacy: true,
  storage: true,
  isInvited: true,
  role: true,
  error: true,
  connection: true,
  connectionId: true,
  conversations: true,
  conversationId: true,
  conversation: true,
  messages: true,
  pendingCount: true,
  readUpTo: true,
  synced: true,
  older: true,
  presence: true,
  typing: true,
};

const MESSAGE: Names<ChatMessage> = {
  key: true,
  seq: true,
  conversationId: true,
  role: true,
  author: true,
  content: true,
  attachments: true,
  imported: true,
  createdAt: true,
  delivery: true,
  streaming: true,
  redacted: true,
  metadata: true,
  failure: true,
};

const ACTIONS: Names<SessionClient> = {
  start: true,
  stop: true,
  createSession: true,
  refreshSession: true,
  terminateSession: true,
  identify: true,
  send: true,
  uploadFile: true,
  downloadFile: true,
  prepareFiles: true,
  retry: true,
  cancel: true,
  loadOlder: true,
  openConversation: true,
  setTyping: true,
  markRead: true,
  share: true,
  handOff: true,
  invites: true,
  revokeInvite: true,
  devices: true,
  revokeDevice: true,
  revokeOtherDevices: true,
  acceptHandOff: true,
  leaveInvite: true,
  sendUnsent: true,
  dismissPrevious: true,
  getState: true,
  subscribe: true,
};

/** What Solid has beside them. */
const ACCESSORS: Names<Omit<EnhancedSession, keyof SessionClient | keyof SessionClientState>> = {
  sessionData: true,
  isValid: true,
  loading: true,
  streaming: true,
  client: true,
};

const ERROR: Names<Omit<RequestError, keyof Error>> = {
  code: true,
  retryable: true,
  status: true,
  retryAfterMs: true,
  fields: true,
};

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("docs/client.md lists", () => {
  const markdown = read("docs/client.md");

  test.each([
    ["Options", OPTIONS],
    ["State", STATE],
    ["Messages", MESSAGE],
    ["Actions", ACTIONS],
    ["Solid", ACCESSORS],
    ["Errors", ERROR],
  ])("everything under %s", (heading, names) => {
    const section = markdown.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    expect(namesInFirstColumn(section).toSorted()).toEqual(Object.keys(names).toSorted());
  });
});

/** Of a table's rows; a name may have its parameters with it, and a row several names. */
function namesInFirstColumn(section: string): string[] {
  const cells = [...section.matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)];
  return cells.flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`(\w+)[^`]*`/g)].map(([, name = ""]) => name),
  );
}

/** The parts of other packages that the examples use. */
const OTHER_PACKAGES = `
  declare module "react" {
    export function useEffect(effect: () => () => void, dependencies: readonly unknown[]): void;
    export function useSyncExternalStore<T>(
      subscribe: (changed: () => void) => () => void, get: () => T, getOnServer: () => T,
    ): T;
  }
  declare module "react-native" {
    export const AppState: {
      readonly currentState: string;
      addEventListener(type: "change", listener: (state: string) => void): { remove(): void };
    };
    export const Linking: { getInitialURL(): Promise<string | null> };
  }
  declare module "@react-native-async-storage/async-storage" {
    const AsyncStorage: import("durable-sessions/client").AsyncKeyValueStorage;
    export default AsyncStorage;
  }
`;

describe("the examples", () => {
  let installed: InstalledPackage;

  beforeAll(async () => {
    installed = await InstalledPackage.install();
  }, 120_000);

  afterAll(() => installed?.remove());

  test("compile, each by itself", { timeout: 60_000 }, async () => {
    const examples = ["README.md", "docs/client.md", "docs/migration.md"].flatMap(examplesIn);
    expect(examples.length).toBeGreaterThan(10);
    const options = [
      ...["--module", "esnext", "--moduleResolution", "bundler"],
      ...["--jsx", "preserve", "--jsxImportSource", "solid-js"],
    ];
    const programs = { "packages.d.ts": OTHER_PACKAGES, ...Object.fromEntries(examples) };
    expect(await installed.complaintsOf(programs, options)).toBe("");
  });
});

/** The blocks in TypeScript, each with a name that tells where it is. */
function examplesIn(path: string): (readonly [string, string])[] {
  const markdown = read(path);
  return [...markdown.matchAll(/^```(tsx?)\n(.*?)^```/gms)].map(
    ({ index, 1: extension = "", 2: code = "" }) => {
      const line = markdown.slice(0, index).split("\n").length + 1;
      return [`${path.replace("/", "-")}-line-${line}.${extension}`, code];
    },
  );
}
