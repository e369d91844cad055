/** A good body for every route that takes one. */

export interface Names {
  /** A session's. */
  readonly id: string;
  readonly teamId: string;
}

let unique = 0;

/** What is taken as text. */
export const SAMPLE_TEXTS: Readonly<Record<string, string>> = {
  streamMessage: "Hello",
  uploadFile: "Hello",
};

/** The query, where there has to be one. */
export const SAMPLE_QUERIES: Readonly<Record<string, () => string>> = {
  streamMessage: () => `?clientId=sample-${++unique}`,
  uploadFile: () => `?name=hello.txt&clientId=sample-${++unique}`,
};

/** By operation; what is named in one need not be there. */
export const SAMPLE_BODIES: Readonly<Record<string, (names: Names) => object>> = {
  createSession: ({ teamId }) => ({ teamId }),
  refreshSession: () => ({}),
  identifySession: () => ({ identityToken: "no.identity.token" }),
  resumeSession: ({ teamId }) => ({ teamId, identityToken: "no.identity.token" }),
  openConversation: () => ({}),
  updateConversation: () => ({ status: "pending" }),
  createInvite: () => ({ role: "reader" }),
  redeemInvite: () => ({ secret: "inv_none" }),
  postMessage: () => ({ clientId: `sample-${++unique}`, content: "Hello" }),
  importMessages: () => ({
    conversations: [
      {
        id: "chat-1",
        messages: [
          {
            id: `sample-${++unique}`,
            role: "assistant",
            content: "Hello",
            createdAt: "2025-04-02T09:12:00Z",
            attachments: [
              {
                url: "https://files.example/a.pdf",
                name: "a.pdf",
                type: "application/pdf",
                size: 1,
              },
            ],
          },
        ],
      },
    ],
  }),
  cleanupExpiredSessions: () => ({}),
  createTeam: () => ({ id: `sample-${++unique}-${crypto.randomUUID().slice(0, 8)}`, name: "New" }),
  updateTeam: () => ({ name: "Renamed" }),
  createTeamKey: () => ({ scopes: ["sessions:read"] }),
  createIdentityKey: () => ({ algorithm: "HS256" }),
  putWebhook: () => ({ url: `https://receiver.example/sample-${++unique}` }),
  testWebhook: () => ({}),
  resumeWebhook: () => ({}),
  replayEvents: ({ id }) => ({ sessionId: id || "of-no-session", since: "2026-01-01T00:00:00Z" }),
  reindex: () => ({ objectIds: ["0".repeat(64)] }),
  restore: () => ({}),
  createOperatorToken: () => ({ operatorId: "anna", name: "Anna" }),
};
