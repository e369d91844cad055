import { describe, expect, it } from "vitest";
import type {
  Author,
  ChatMessage,
  ConnectionRole,
  Presence,
  Typist,
} from "../../../client/core/index.ts";
import { RequestError } from "../../../client/core/index.ts";
import { closingLabel } from "../../../client/pages/chat/closing-label.ts";
import {
  breakLabel,
  connectionLabel,
  conversationName,
  cutOffLabel,
  deliveryLabel,
  presenceLabel,
  typingLabel,
} from "../../../client/pages/chat/labels.ts";
import { personLabel } from "../../../client/pages/chat/person-label.ts";
import { previousLabel, unsentLabel } from "../../../client/pages/chat/previous-label.ts";
import {
  attachmentHref,
  attachmentName,
  isImage,
  sizeLabel,
} from "../../../client/pages/files/attachment-label.ts";

interface Person extends Presence {
  readonly author: Author;
}

function here(role: ConnectionRole, name?: string): Person {
  const since = "2026-01-01T00:00:00.000Z";
  return { connectionId: `of ${role}`, role, since, author: name === undefined ? {} : { name } };
}

describe("presenceLabel", () => {
  it.each<[string, Presence[]]>([
    ["", []],
    ["only you", [here("owner")]],
    ["you in 2 places", [here("owner"), here("owner")]],
    ["Ana is here", [here("owner"), here("operator", "Ana")]],
    ["Ana is here", [here("owner"), here("operator", "Ana"), here("operator", "Ana")]],
    ["Ana and Ben are here", [here("operator", "Ana"), here("operator", "Ben"), here("owner")]],
    ["The team is here, you in 2 places", [here("owner"), here("operator"), here("owner")]],
    ["1 guest", [here("owner"), here("reader")]],
    ["2 guests", [here("owner"), here("reader"), here("writer")]],
  ])("says %j", (label, presence) => {
    expect(presenceLabel(presence, "visitor")).toBe(label);
  });

  it.each<[string, Presence[]]>([
    ["", []],
    ["only you", [here("reader")]],
    ["the owner is here", [here("owner"), here("owner"), here("reader")]],
    ["Ana is here, 1 other guest", [here("operator", "Ana"), here("reader"), here("writer")]],
    [
      "the owner is here, 2 other guests",
      [here("owner"), here("reader"), here("writer"), here("reader")],
    ],
  ])("says %j to a guest", (label, presence) => {
    expect(presenceLabel(presence, "guest")).toBe(label);
  });
});

describe("presenceLabel for the team", () => {
  const ada = { ...here("operator", "Ada"), connectionId: "own" };

  it.each<[string, Presence[]]>([
    ["", []],
    ["the visitor is away", [ada]],
    ["the visitor is here", [ada, here("owner"), here("owner")]],
    [
      "the visitor is here, 1 guest, Ben is here",
      [ada, here("owner"), here("reader"), here("operator", "Ben")],
    ],
  ])("says %j", (label, presence) => {
    expect(presenceLabel(presence, "operator", "own")).toBe(label);
  });
});

describe("personLabel", () => {
  const conversation = { id: "C1", status: "open", handledBy: "bot" } as const;
  const asked = chatMessage({ metadata: { intent: "talk_to_person" } });

  it("offers to ask, once, and again after the bot was handed the chat back", () => {
    const label = (...messages: ChatMessage[]) => personLabel({ conversation, messages });
    expect(label().canAsk).toBe(true);
    expect(label(asked).canAsk).toBe(false);
    expect(label(asked, chatMessage({ role: "assistant" })).canAsk).toBe(false);
    expect(label(asked, chatMessage({ role: "system" })).canAsk).toBe(true);
    expect(label(chatMessage({ ...asked, delivery: "failed" })).canAsk).toBe(true);
  });

  it("says that a person answers, will, or has done so", () => {
    const label = (status: "open" | "pending" | "closed") =>
      personLabel({
        conversation: { ...conversation, status, handledBy: "operator" },
        messages: [],
      });
    expect(label("open")).toEqual({ text: "A person answers here", canAsk: false });
    expect(label("pending")).toEqual({ text: "A person will answer here", canAsk: false });
    expect(label("closed")).toEqual({ text: "Closed. Write to open it again", canAsk: false });
  });
});

describe("breakLabel", () => {
  it("tells an answer that was stopped from one that broke off", () => {
    const label = (metadata: ChatMessage["metadata"]) => breakLabel(chatMessage({ metadata }));
    expect(label(undefined)).toBe("");
    expect(label({ incomplete: true })).toBe("Broke off");
    expect(label({ incomplete: true, cancelled: true })).toBe("Stopped");
  });
});

describe("typingLabel", () => {
  it.each<[string, Typist[]]>([
    ["", []],
    ["Ana is typing", [here("operator", "Ana"), here("owner")]],
    ["You are typing elsewhere", [here("owner")]],
    ["A guest is typing", [here("writer")]],
  ])("says %j", (label, typists) => {
    expect(typingLabel(typists, "visitor")).toBe(label);
  });

  it("tells a guest that it is the owner", () => {
    expect(typingLabel([here("owner")], "guest")).toBe("The owner is typing");
    expect(typingLabel([here("owner")], "operator")).toBe("The visitor is typing");
  });
});

describe("connectionLabel", () => {
  it.each([
    ["Connecting…", { state: "connecting", attempt: 0 }, false],
    ["Catching up…", { state: "online", attempt: 0 }, false],
    ["Connected", { state: "online", attempt: 0 }, true],
    ["Reconnecting…", { state: "waiting", attempt: 1 }, false],
    ["Reconnecting…", { state: "connecting", attempt: 1 }, false],
    ["Closed", { state: "closed", attempt: 0 }, false],
  ] as const)("says %s", (text, connection, synced) => {
    expect(connectionLabel(connection, synced).text).toBe(text);
  });
});

describe("closingLabel", () => {
  const own = { error: undefined, isInvited: false, role: "owner" } as const;
  const guest = { ...own, isInvited: true, role: "reader" } as const;
  const shutOut = {
    status: "error",
    error: new RequestError("invalid_credential", { status: 401 }),
  } as const;

  it("says nothing while there is a chat, or one to decide about", () => {
    for (const status of ["idle", "creating", "active", "refreshing"] as const) {
      expect(closingLabel({ ...own, status })).toBeUndefined();
      expect(closingLabel({ ...guest, status })).toBeUndefined();
    }
  });

  it("offers a new chat where the old one is over or out of reach", () => {
    for (const state of [{ status: "terminated" }, { status: "expired" }, shutOut] as const) {
      expect(closingLabel({ ...own, ...state })?.action).toBe("start_new");
      expect(closingLabel({ ...guest, ...state })?.action).toBe("own_chat");
    }
  });

  it("tells who came by a link what has become of it", () => {
    const title = (role: "reader" | undefined, code: string) =>
      closingLabel({ ...guest, status: "error", error: refused(code), role })?.title;
    expect(title("reader", "invalid_credential")).toBe("Your access has ended");
    expect(title(undefined, "invalid_credential")).toBe("This link opens nothing");
    expect(title(undefined, "invite_expired")).toBe("This link has ended");
    expect(title(undefined, "too_many_credentials")).toBe("This chat is full");
  });

  it("offers another try where that may help", () => {
    const error = new RequestError("protocol_error", { status: 400 });
    expect(closingLabel({ ...own, status: "error", error })?.action).toBe("try_again");
  });
});

describe("deliveryLabel", () => {
  const label = (fields: Partial<ChatMessage>, seenUpTo: number) =>
    deliveryLabel(chatMessage(fields), true, seenUpTo).text;

  it("says that the other side has seen a message, once its mark has reached it", () => {
    expect(label({ seq: 5 }, 0)).toBe("Sent");
    expect(label({ seq: 5 }, 4)).toBe("Sent");
    expect(label({ seq: 5 }, 5)).toBe("Seen");
    expect(label({ seq: 5 }, 6)).toBe("Seen");
  });

  it("says so of nothing that is not in the log", () => {
    expect(label({ seq: undefined }, 6)).toBe("Sent");
    expect(label({ seq: undefined, delivery: "sending" }, 6)).toBe("Sending…");
    expect(label({ seq: undefined, delivery: "queued" }, 6)).toBe("Sending…");
    expect(label({ seq: undefined, delivery: "failed" }, 6)).toBe("Not sent");
  });
});

describe("a message with files", () => {
  const file = { uploadId: "U1", name: "a.png", type: "image/png", size: 5, progress: 0 };
  const label = (fields: Partial<ChatMessage>) =>
    deliveryLabel(chatMessage({ seq: undefined, ...fields }), true, 0);

  it("is uploaded before it is sent", () => {
    const attachments = [{ ...file, upload: "uploading" } as const];
    expect(label({ delivery: "queued", attachments }).text).toBe("Uploading…");
    const stored = [{ ...file, upload: "stored" } as const];
    expect(label({ delivery: "queued", attachments: stored }).text).toBe("Sending…");
  });

  it("says what was wrong with them, and whether another attempt may help", () => {
    const failed = { delivery: "failed", attachments: [{ ...file, upload: "failed" }] } as const;
    const of = (failure: string) => label({ ...failed, failure });
    expect(of("file_type_not_allowed")).toEqual({
      text: "Not sent: files of this type are not taken",
      canRetry: false,
    });
    expect(of("file_too_large").text).toBe("Not sent: files may have 26.2 MB at most");
    expect(of("file_missing").text).toBe("Not sent: the file has to be chosen again");
    expect(of("attachment_not_found")).toEqual({ text: "Not sent", canRetry: true });
    expect(label({ delivery: "failed", failure: "quota_exceeded" }).text).toBe(
      "Not sent: this chat is full",
    );
  });

  it("shows images that it has, and no others", () => {
    expect(isImage({ ...file, upload: "waiting" })).toBe(true);
    expect(isImage({ fileId: "F1", name: "a.png", type: "image/png", size: 5 })).toBe(true);
    expect(isImage({ url: "https://a.example/a.png", name: "a.png", type: "image/png" })).toBe(
      false,
    );
    expect(isImage({ fileId: "F1", name: "a.png", type: "text/plain", size: 5 })).toBe(false);
  });
});

describe("what waits for a connection", () => {
  const label = (delivery: ChatMessage["delivery"]) =>
    deliveryLabel(chatMessage({ seq: undefined, delivery }), false, 0).text;

  it("is told apart from what may have arrived", () => {
    expect(label("queued")).toBe("Waiting to be sent");
    expect(label("sending")).toBe("Waiting to be confirmed");
  });

  it("is counted", () => {
    expect(cutOffLabel(0, true)).toBe("No connection. What you write is sent later.");
    expect(cutOffLabel(1, true)).toBe("No connection. 1 message waits to be sent.");
    expect(cutOffLabel(2, false)).toBe("You are offline. 2 messages wait to be sent.");
  });
});

describe("a session of before", () => {
  it("is told with how it went, and what it did not get", () => {
    expect(previousLabel({ reason: "expired" })).toBe(
      "Your last chat has expired. This is a new one.",
    );
    expect(previousLabel({ reason: "terminated" })).toBe(
      "Your last chat was ended. This is a new one.",
    );
    expect([0, 1, 3].map(unsentLabel)).toEqual([
      "",
      "1 message was not sent in it.",
      "3 messages were not sent in it.",
    ]);
  });
});

describe("a conversation", () => {
  it("goes by the day on which it began, but for the first", () => {
    const createdAt = "2026-03-04T12:00:00.000Z";
    expect(conversationName({ createdAt }, true)).toBe("Chat");
    expect(conversationName({ createdAt }, false)).toMatch(/4/);
  });
});

describe("a file", () => {
  it.each([
    [undefined, ""],
    [0, "0 byte"],
    [999, "999 byte"],
    [1_200, "1.2 kB"],
    [1_200_000, "1.2 MB"],
    [3_000_000_000_000, "3,000 GB"],
  ])("of %s bytes", (size, text) => {
    expect(sizeLabel(size === undefined ? {} : { size })).toBe(text);
  });

  it.each([
    ["https://files.example/a b", "https://files.example/a%20b"],
    ["http://files.example/a", undefined],
    ["javascript:alert(1)", undefined],
    ["data:text/html,x", undefined],
    ["//files.example", undefined],
    ["", undefined],
  ])("at %j", (url, href) => {
    expect(attachmentHref({ url, name: "a" })).toBe(href);
  });

  it("has no name that reads otherwise than it is", () => {
    expect(attachmentName({ name: "ann\u202efdp.exe" })).toBe("ann\ufffdfdp.exe");
    expect(attachmentName({ name: "\u2066a\u2069\n\u2028.pdf" })).toBe(
      "\ufffda\ufffd\ufffd\ufffd.pdf",
    );
    for (const name of ["تقرير\u200f 2.pdf", "👩‍👩‍👧.png", "a b.pdf"]) {
      expect(attachmentName({ name })).toBe(name);
    }
  });
});

function refused(code: string): RequestError {
  return new RequestError(code, { status: 410 });
}

function chatMessage(fields: Partial<ChatMessage>): ChatMessage {
  return {
    key: "K",
    seq: 1,
    conversationId: "C1",
    role: "user",
    author: undefined,
    content: "text",
    attachments: [],
    imported: false,
    createdAt: 0,
    delivery: "sent",
    streaming: false,
    redacted: false,
    metadata: undefined,
    failure: undefined,
    ...fields,
  };
}
