// What a visitor's client and an operator's have in common: one connection, this tab's copy of the session, and what is said in it.
import type { StoredAttachment } from "../../src/protocol/file.ts";
import { DEFAULT_PAGE_MESSAGES } from "../../src/protocol/limits.ts";
import type { ConversationList, MessagePage } from "../../src/protocol/rest.ts";
import { createConnection } from "./connection.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Entry, SessionEnd } from "./entry.ts";
import type { FileClient, FileParts } from "./files.ts";
import type { OwnMessages } from "./outbox.ts";
import type { OutboxFile } from "./outbox-store.ts";
import type { OwnRole } from "./replica-parts.ts";
import { requestError } from "./request-error.ts";
import type { Rest } from "./rest.ts";
import type { ChatClient, NewFile, SendOptions } from "./session-client.ts";
import type { SessionReplica } from "./session-replica.ts";
import { createReplica } from "./session-replica.ts";
import { INITIAL_STATE } from "./session-state.ts";
import type { Shelf } from "./shelf.ts";

/** A call about the session; `path` is what follows its own. Rejects with `RequestError`. */
export type SessionCall = <T = void>(
  method: Parameters<Rest>[0],
  path: string,
  body?: unknown,
) => Promise<T>;

interface Parts extends Omit<FileParts, "blobs" | "replica"> {
  readonly ownRole: OwnRole;
  readonly call: SessionCall;
  /** As `ConnectionHandlers`. */
  readonly ticket: () => Promise<Entry>;
  readonly ended: (end: ConnectionEnd) => void;
  /** What is kept of a session between two pages, and which it is, if that is known already. */
  readonly kept: () => {
    readonly shelf: Shelf;
    readonly sessionId: string | undefined;
  };
}

export function createChat(parts: Parts) {
  const { baseUrl, store, environment, ownRole, call, ticket, ended, kept, wrote } = parts;
  const connection = createConnection(baseUrl, environment, {
    ticket,
    ended,
    resumeQuery: () => replica.resumeQuery(),
    opening: () => replica.opening(),
    frame: (frame, bytes) => replica.frame(frame, bytes),
    changed(connection) {
      store.patch({ connection });
      if (connection.state !== "online") {
        replica.offline();
      }
    },
  });
  /** Replaced with the session: whatever still runs for an old one is known by it. */
  let replica: SessionReplica;
  let home: ReturnType<Parts["kept"]>;
  const own: OwnMessages = new Map();

  function open(): void {
    home = kept();
    replica = createReplica({
      store,
      clock: environment.clock,
      ownRole,
      own,
      ...home,
      handlers: {
        sendUp: connection.send,
        conversations: () => call<ConversationList>("GET", "/conversations"),
        wrote,
        isVisible: environment.attention.visible,
      },
    });
  }

  async function loadOlder(): Promise<void> {
    await replica.loadOlder((before) =>
      call<MessagePage>("GET", `/messages?before=${before}&limit=${DEFAULT_PAGE_MESSAGES}`),
    );
  }

  /** What was attached here, by its `uploadId`. */
  const blobs = new Map<string, NewFile>();
  let loading: Promise<FileClient> | undefined;

  function loadFiles(): Promise<FileClient> {
    loading ??= import("./files.ts").then(
      ({ createFiles }) => createFiles({ ...parts, store, blobs, replica: () => replica }),
      (error) => {
        loading = undefined;
        // What needs no files does not wait for what cannot be had.
        replica.outbox.setPatient(false);
        throw requestError(error);
      },
    );
    return loading;
  }

  /** Where it failed, with each change. */
  function loadFilesIfUsed(): void {
    if (!loading && replica.outbox.pending.some(({ files }) => files)) {
      loadFiles().catch(() => undefined);
    }
  }

  function attach(file: NewFile | StoredAttachment): OutboxFile {
    if ("fileId" in file) {
      return file;
    }
    const { name = "", type, size } = file;
    const uploadId = environment.newId();
    blobs.set(uploadId, file);
    return { uploadId, name, type, size, upload: "waiting", progress: 0 };
  }

  const actions: Omit<ChatClient, "start" | "stop"> = {
    getState: () => store.get(),
    subscribe: (listener) => store.subscribe(listener),
    send(content: string, { attachments, ...options }: SendOptions = {}) {
      const clientId = environment.newId();
      const delivered = replica.send({ clientId, content, ...options }, attachments?.map(attach));
      return { clientId, delivered };
    },
    retry: (key) => replica.retry(key),
    cancel: (key) =>
      loading ? void loading.then((files) => files.cancel(key)) : replica.cancel(key),
    markRead: () => replica.markRead(),
    setTyping: (active) => replica.setTyping(active),
    loadOlder,
    uploadFile: async (...args) => await (await loadFiles()).uploadFile(...args),
    downloadFile: async (id) => await (await loadFiles()).downloadFile(id),
    prepareFiles: async () => void (await loadFiles()),
  };

  open();
  store.subscribe(loadFilesIfUsed);
  return {
    connection,
    actions,

    get replica(): SessionReplica {
      return replica;
    },

    /**
     * Another session takes the place of the one that was shown.
     *
     * @param isRival whether it takes over what was written for that one
     */
    renew(isRival = false): void {
      const { shelf } = kept();
      connection.stop();
      replica.retire(({ sessionId }) => (sessionId === undefined ? shelf === home.shelf : isRival));
      store.patch({ ...INITIAL_STATE, storage: store.get().storage });
      open();
    },

    /** The session is over: what the server still has of it can be read. */
    over(end: SessionEnd): void {
      replica.over(end);
      if (replica.empty && end.session) {
        replica.beginAt(end.session.lastSeq);
        void loadOlder();
      }
    },
  };
}
