// What the client can do, as its users see it.
import type { StoredAttachment } from "../../src/protocol/file.ts";
import type { JsonObject } from "../../src/protocol/json.ts";
import type { TokenTransport } from "../../src/protocol/rest.ts";
import type { Session } from "../../src/protocol/session.ts";
import type {
  CreatedInvite,
  CreateInviteRequest,
  Device,
  Invite,
} from "../../src/protocol/sharing.ts";
import type { Environment, KeyValueStorage } from "./environment.ts";
import type { FingerprintOption } from "./fingerprint-consent.ts";
import type { LegacySource } from "./legacy-source.ts";
import type { SessionClientState } from "./session-state.ts";

export interface SessionClientOptions {
  /** Where the API is: an origin, without a slash at the end. */
  readonly baseUrl: string;
  readonly teamId: string;
  /**
   * Whether `start` makes a session where there is none, and a new one once it has expired; `lazy`: with the first message.
   * Default true. One that was terminated is followed by another only on `createSession`.
   */
  readonly autoCreate?: boolean | "lazy";
  /** Whether a visible page prolongs the session's life by itself. Default true. */
  readonly autoRefresh?: boolean;
  /** Minutes between two prolongations, over all tabs: 1 at least. Default 30. */
  readonly refreshInterval?: number;
  /** Whether what other tabs do with the session is followed. Default true. */
  readonly crossTabSync?: boolean;
  /** `cookie`: no script ever sees the token. The page then has to be on the API's own site. Default `bearer`. */
  readonly tokenTransport?: TokenTransport;
  /**
   * Who the person is, as a JWT that the team's backend signed a moment ago; undefined for nobody. Asked before a session
   * is created, so that the person's latest one is continued, and by `identify`.
   */
  readonly getIdentityToken?: () => string | undefined | Promise<string | undefined>;
  /** What Turnstile gave the page, for deployments that want it. Asked before a session is created. */
  readonly getTurnstileToken?: () => string | undefined | Promise<string | undefined>;
  /** Conversations that an older program left in this browser, to be taken over into the session. */
  readonly legacy?: LegacySource;
  /** Whether the browser may be recognised when its session is lost. Default false; never under Global Privacy Control. */
  readonly fingerprint?: FingerprintOption;
  /**
   * A link that somebody sent, such as the one that an app was opened with; a page looks at its own address by itself.
   * It is taken up once, by the first `start`.
   */
  readonly inviteUrl?: string;
  /** In place of `localStorage`; null for none. */
  readonly storage?: KeyValueStorage | null;
  readonly fetch?: typeof fetch;
  readonly WebSocket?: new (url: string, protocols: string[]) => WebSocket;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** What to use in place of the browser's own, beside the above. */
  readonly environment?: Partial<Environment>;
}

export interface Sent {
  /** Also the message's `key`. */
  readonly clientId: string;
  /** Resolves once the message is stored for good. Rejects with `RequestError` when it is refused. */
  readonly delivered: Promise<void>;
}

/** A file that somebody chose. */
export type NewFile = Blob & { readonly name?: string };

export interface SendOptions {
  /**
   * Files, or what `uploadFile` made of them: at most 10. They are uploaded first, and the message waits for them; what is
   * written after it waits behind it, for a minute at most.
   */
  readonly attachments?: readonly (NewFile | StoredAttachment)[];
  /** A JSON object of the sender's own, at most 4 KiB. */
  readonly metadata?: JsonObject;
  /** The conversation that is shown when it is left out. */
  readonly conversationId?: string;
}

export interface UploadOptions {
  /** Told how much has left, from 0 to 1, where that can be told. */
  readonly onProgress?: (progress: number) => void;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

/** What both sides of a session do. */
export interface ChatClient {
  getState(): SessionClientState;
  /** The listener is called after every change; the returned function ends it. */
  subscribe(listener: () => void): () => void;
  /** Opens what the client is for, and stays connected. */
  start(): void;
  /** Closes the connection; the session goes on. */
  stop(): void;
  /** Writes a message. It is shown at once and sent as soon as there is a connection, once however often it takes. */
  send(content: string, options?: SendOptions): Sent;
  /** Tries a `failed` message again. */
  retry(key: string): void;
  /**
   * Stops an answer that is `streaming`: what there is of it stays. Without a connection it does nothing. Takes back an own
   * message with files that has `failed` or waits for them: `delivered` rejects with the code `cancelled`.
   */
  cancel(key: string): void;
  /**
   * Uploads a file, to be sent later; one that no message has within a day is deleted. Goes on by itself after a loss.
   * Rejects with `RequestError` when it is refused, or with the reason of the signal.
   */
  uploadFile(file: NewFile, options?: UploadOptions): Promise<StoredAttachment>;
  /** The bytes of a file of the session, by its `fileId`, or `uploadId`. Rejects with `RequestError`. */
  downloadFile(id: string): Promise<Blob>;
  /** Loads what files need now, so that they can be attached without a connection too. Else it comes with the first. */
  prepareFiles(): Promise<void>;
  /** Loads the page of messages before the first that is here. Does nothing while one is loading. */
  loadOlder(): Promise<void>;
  /** Call it as the person types; it is told to others sparingly. */
  setTyping(active: boolean): void;
  /** Everything that is here was read by this side. Tells the server only what is new to it; a guest nothing. */
  markRead(): void;
}

export interface SessionClient extends ChatClient, Sharing {
  /**
   * Opens this browser's session with the team, or the one that the link in the page's address is for; and stays connected.
   * Where there is none, `autoCreate` decides.
   */
  start(): void;
  /**
   * Opens this browser's session, creating it where there is none and the next one where it has ended.
   *
   * @returns its id. Rejects with `RequestError` when the server refuses for good; goes on trying while it cannot be reached.
   */
  createSession(): Promise<string>;
  /** Prolongs the session's life now. Rejects with `RequestError`. */
  refreshSession(): Promise<Session>;
  /** Ends the session in every tab and on every device. Rejects with `RequestError`. */
  terminateSession(): Promise<void>;
  /**
   * Binds the session to a person of the team's, with a token of its backend; asks `getIdentityToken` where none is given.
   * All other devices are signed out of an anonymous session. Rejects with `RequestError`.
   */
  identify(identityToken?: string): Promise<Session>;
  /** Shows another of the session's conversations, or opens a new one. @returns its id. Rejects with `RequestError`. */
  openConversation(conversationId?: string): Promise<string>;
  /** Sends to the session of now what was left unsent in the `previous` one. */
  sendUnsent(): void;
  /** Forgets the `previous` session and what was left unsent in it. */
  dismissPrevious(): void;
  /**
   * Makes the session that was offered this browser's own, in all its tabs, in place of the one that it had: that one
   * goes on for whoever else has it. Rejects with `RequestError`.
   */
  acceptHandOff(): Promise<void>;
  /** Leaves what a link opened, or declines what was offered, and opens this browser's own session. */
  leaveInvite(): void;
}

export interface ShareRequest extends CreateInviteRequest {
  readonly role: "reader" | "writer";
}

/** Who else has access to the session, and how others get it: the owner's calls. Each rejects with `RequestError`: `forbidden` for guests. */
export interface Sharing {
  /** Every device and guest with access, this one first. */
  devices(): Promise<readonly Device[]>;
  /** Signs a device or guest out: when this returns, it can neither read nor write any more. */
  revokeDevice(credentialId: string): Promise<void>;
  /** Signs out all but this one, guests too. */
  revokeOtherDevices(): Promise<void>;
  /** Makes a link that lets others read, or write too. The answer is the only one that has the link. */
  share(request: ShareRequest): Promise<CreatedInvite>;
  /** Makes a link that continues the session on another device: good for one use within ten minutes. */
  handOff(request?: Pick<CreateInviteRequest, "pageUrl">): Promise<CreatedInvite>;
  /** Links that still let somebody in, or let somebody in who still has access; newest first. */
  invites(): Promise<readonly Invite[]>;
  /** @param options whether those who came in by it are signed out too */
  revokeInvite(inviteId: string, options: { readonly revokeCredentials: boolean }): Promise<void>;
}
