// What a page does in the client's contests: with the client, and with nothing but what the browser has.
import { createEffect, createRoot } from "solid-js";
import type { SocketListeners } from "../../client/core/index.ts";
import { useEnhancedSession } from "../../client/solid/index.ts";
import type { DownFrame, UpFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { OpenedSession } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../../src/protocol/version.ts";

const PING = "ping";
const PONG = "pong";

/** A session that was created outside of the page. */
export interface Known {
  readonly session: { readonly id: string };
  readonly token: string;
  readonly ticket: string;
}

/** A side of a conversation between two tabs. */
interface Talk {
  send(content: string): void;
  /** Hears what is said from now on. */
  listen(heard: (content: string) => void): void;
}

let talk: Talk | undefined;

/** Milliseconds from the call of the primitive to a session that can be used. */
export function open(teamId: string): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) =>
    createRoot(() => {
      const session = useEnhancedSession({ teamId });
      const listeners: ((content: string) => void)[] = [];
      let known = 0;
      createEffect(() => {
        if (session.isValid()) {
          resolve(performance.now() - began);
        } else if (session.error()) {
          reject(session.error());
        }
      });
      createEffect(() => {
        const messages = session.messages();
        for (const { content } of messages.slice(known)) {
          for (const heard of listeners) heard(content);
        }
        known = messages.length;
      });
      talk = {
        send: (content) => void session.send(content),
        listen: (heard) => void listeners.push(heard),
      };
    }),
  );
}

/** The same with a bare fetch, of a new session or of one that is there, and a bare socket. */
export async function fetchAndJoin(teamId: string, known?: Known): Promise<number> {
  const began = performance.now();
  const response = await (known
    ? fetch(`/api/sessions/${known.session.id}/validate`, {
        headers: { Authorization: `Bearer ${known.token}` },
      })
    : fetch("/api/sessions/create", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ teamId }),
      }));
  if (!response.ok) throw new Error(await response.text());
  await join(await response.json());
  return performance.now() - began;
}

/** Joins a session by a bare socket, which has been welcomed when this resolves. */
export function join({ session, ticket }: Pick<Known, "session" | "ticket">): Promise<void> {
  const url = new URL(`/api/sessions/${session.id}/socket`, location.href);
  const socket = new WebSocket(url, [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket]);
  const listeners: ((content: string) => void)[] = [];
  const tell = (frame: UpFrame) => socket.send(JSON.stringify(frame));
  talk = {
    send: (content) =>
      tell({ type: "send", messages: [{ clientId: crypto.randomUUID(), content }] }),
    listen: (heard) => void listeners.push(heard),
  };
  return new Promise((resolve, reject) => {
    socket.onclose = ({ reason }) => reject(new Error(`closed: ${reason}`));
    socket.onmessage = ({ data }) => {
      const frame: DownFrame = JSON.parse(data);
      if (frame.type === "welcome") resolve();
      if (frame.type === "messages") {
        for (const { content } of frame.messages) {
          for (const heard of listeners) heard(content);
        }
      }
    };
  });
}

/** Answers each ping of the other tab. */
export function answerPings(): void {
  talk?.listen((content) => {
    if (content === PING) talk?.send(PONG);
  });
}

/** Milliseconds that a message takes to the other tab: half of the way there and back, each time. */
export async function pingFor(seconds: number): Promise<number[]> {
  const times: number[] = [];
  let answered: (() => void) | undefined;
  talk?.listen((content) => {
    if (content === PONG) answered?.();
  });
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const began = performance.now();
    await new Promise<void>((resolve) => {
      answered = resolve;
      talk?.send(PING);
    });
    times.push((performance.now() - began) / 2);
  }
  return times;
}

/**
 * Milliseconds that one more message takes from its frame to `messages`, where `there` are already: the mean over `more`,
 * since the clock of a page is coarse. No server is asked.
 */
export async function append(there: number, more: number): Promise<number> {
  const sockets: SocketListeners[] = [];
  const session = { ...SESSION, id: `S${there}`, lastSeq: there };
  const opened: OpenedSession = { session, token: `${session.id}.c.s`, ticket: "ticket" };
  const heard: number[] = [];
  const dispose = createRoot((dispose) => {
    const { messages } = useEnhancedSession({
      teamId: `append-${there}`,
      environment: {
        storage: undefined,
        fetch: async () => Response.json(opened, { status: 201 }),
        openSocket(_url, _protocols, listeners) {
          sockets.push(listeners);
          return { send: () => undefined, close: () => undefined };
        },
      },
    });
    createEffect(() => heard.push(messages().length));
    return dispose;
  });
  while (sockets.length === 0) await new Promise((resolve) => setTimeout(resolve));
  const down = (frame: DownFrame) => sockets[0]?.text(JSON.stringify(frame));
  const deliver = (from: number, to: number) => {
    const list = Array.from({ length: to - from }, (_, index) => message(from + index + 1));
    down({ type: "messages", from, to, messages: list });
  };
  down({
    type: "welcome",
    session,
    connectionId: "K1",
    role: "owner",
    lastSeq: there,
    presence: [],
  });
  for (let seq = 0; seq < there; seq += 100) deliver(seq, seq + 100);
  down({ type: "synced", seq: there });
  const began = performance.now();
  for (let seq = there; seq < there + more; seq++) deliver(seq, seq + 1);
  const time = (performance.now() - began) / more;
  dispose();
  if (heard.at(-1) !== there + more) throw new Error(`${heard.at(-1)} messages arrived`);
  return time;
}

const NOW = "2026-01-01T00:00:00.000Z";

const SESSION: Session = {
  id: "S",
  teamId: "bench",
  status: "active",
  version: 1,
  createdAt: NOW,
  lastAccessed: NOW,
  expiresAt: "2036-01-01T00:00:00.000Z",
  defaultConversationId: "C1",
  lastSeq: 0,
};

function message(seq: number): Message {
  return {
    id: `M${seq}`,
    seq,
    conversationId: SESSION.defaultConversationId,
    role: "assistant",
    content: `What a visitor reads is about as long as this, and is message ${seq}.`,
    createdAt: NOW,
  };
}
