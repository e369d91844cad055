// Every limit of the wire, with what it protects. Sizes are bytes of UTF-8, times milliseconds.

const KIB = 1024;
const MIB = 1024 * KIB;

/** One WebSocket text frame, both ways: bounds what a hostile frame costs to parse. */
export const MAX_FRAME_BYTES = 64 * KIB;

/** `content` of one message. */
export const MAX_CONTENT_BYTES = 32 * KIB;

/** One message as JSON, escapes included: whatever is stored must fit a frame of its own. */
export const MAX_MESSAGE_BYTES = 60 * KIB;

/** `metadata` of one message as JSON. */
export const MAX_METADATA_BYTES = 4 * KIB;

/** Messages in one `send` frame: bounds one transaction. */
export const MAX_MESSAGES_PER_SEND = 100;

/** Nesting of any JSON that a client sends: bounds recursion in whoever reads it. */
export const MAX_JSON_DEPTH = 16;

/** An HTTP request's JSON body. */
export const MAX_BODY_BYTES = 64 * KIB;

/** The JSON body of an import, which carries history and not one message. */
export const MAX_IMPORT_BODY_BYTES = 512 * KIB;

/** Messages in one import, over all its conversations: bounds one transaction. */
export const MAX_MESSAGES_PER_IMPORT = 200;

/** How long after its creation a session takes in history: an upgrade, and no way around the rate of messages later. */
export const IMPORT_WINDOW_MS = 3_600_000;

/** Imports of one owner's credential in a minute, over all its tabs. */
export const IMPORTS_PER_MINUTE_PER_OWNER = 120;

/** Ids that an older client gave its conversations and messages, in characters. */
export const MAX_IMPORTED_ID_LENGTH = 128;

/** Files that one message points to. */
export const MAX_ATTACHMENTS_PER_MESSAGE = 10;

/** A file's address, and its name, in characters. */
export const MAX_ATTACHMENT_URL_LENGTH = 2048;
export const MAX_ATTACHMENT_NAME_LENGTH = 255;

/**
 * Bytes a live connection may leave unacknowledged, and history a connection may ask for: beyond it a live one is
 * closed with 4408 and a joining one gets the tail. Bounds what the object holds for one reader.
 */
export const WINDOW_BYTES = 1 * MIB;

/** A client acknowledges with `received` at the latest after this many bytes of live messages. */
export const RECEIVED_EVERY_BYTES = 256 * KIB;

/** Messages in one page of history over HTTP; a page ends earlier at `WINDOW_BYTES`. */
export const MAX_PAGE_MESSAGES = 200;
export const DEFAULT_PAGE_MESSAGES = 50;

/** Sessions in one page of a list. */
export const MAX_PAGE_SESSIONS = 100;
export const DEFAULT_PAGE_SESSIONS = 50;

/** Newest messages that `?tail=` may ask for. */
export const MAX_TAIL_MESSAGES = 1000;

/** Devices with a key to one session. */
export const MAX_CREDENTIALS_PER_SESSION = 32;

/** Of them, guests': share links never use up what the owner's own devices need. */
export const MAX_GUESTS_PER_SESSION = 24;

/** Invites that still open a session: bounds the list, which has no pages. */
export const MAX_INVITES_PER_SESSION = 100;

export const MAX_INVITE_SECONDS = 30 * 86_400;
export const DEFAULT_INVITE_SECONDS = 7 * 86_400;

/** How often a share link may be used at most. */
export const MAX_INVITE_USES = 1000;
export const DEFAULT_INVITE_USES = 10;

/** A hand-off gives everything away, so it is short and works once. */
export const MAX_HANDOFF_SECONDS = 600;

/** A credential's secret older than this is replaced when its holder refreshes: bounds what a stolen one is worth. */
export const ROTATE_AFTER_MS = 86_400_000;

/** A secret that was replaced goes on working at least this long, for the calls that were under way. */
export const SUPERSEDED_GRACE_MS = 60_000;

/** What gives a session away for good wants a secret minted or rotated within this time. */
export const FRESH_CREDENTIAL_MS = 600_000;

/** The longest life of a team's identity token: `exp` lies at most this far ahead. */
export const MAX_IDENTITY_TOKEN_MS = 300_000;

/** How far the clocks of a team's backend and the edge may differ. */
export const CLOCK_SKEW_MS = 30_000;

/** Identity keys of a team that are not revoked: room to replace one while the old one is still in use. */
export const MAX_IDENTITY_KEYS_PER_TEAM = 10;

/** Events in one page of a team's audit trail. */
export const MAX_PAGE_EVENTS = 100;
export const DEFAULT_PAGE_EVENTS = 50;

/** How long a member of the staff stays signed in at most. */
export const MAX_OPERATOR_TOKEN_SECONDS = 12 * 3600;

/** Uses of invites from one network in a minute, good ones or not: bounds guessing, which the secrets' size makes hopeless. */
export const REDEMPTIONS_PER_MINUTE_PER_NETWORK = 20;

/** Resumptions from one network in a minute: each makes a credential. */
export const RESUMES_PER_MINUTE_PER_NETWORK = 20;

/** Questions across sessions in a minute, of a team's keys and staff together: protects the index's one thread. */
export const LOOKUPS_PER_MINUTE_PER_TEAM = 600;

/** The same, of one owner of an identified session. */
export const LOOKUPS_PER_MINUTE_PER_OWNER = 60;

/** Links one owner's credential makes in a minute: each is a row of the team's audit trail, which nothing clears. */
export const INVITES_PER_MINUTE_PER_OWNER = 20;

/** Exports by one owner's credential in a minute: each is a row of the audit trail, and all of the session read. */
export const EXPORTS_PER_MINUTE_PER_OWNER = 10;

/** Identity tokens one owner's credential presents in a minute, good ones or not: each is a look-up in the index. */
export const IDENTIFICATIONS_PER_MINUTE_PER_OWNER = 20;

/** Frames a credential may send for each message that its team's policy lets it send: all frame types count, and each message in a `send`. */
export const FRAMES_PER_MESSAGE = 10;

/** Open connections of one credential, so that one device's broken client does not shut the others out. */
export const MAX_SOCKETS_PER_CREDENTIAL = 50;

/** Threads in one session: bounds the list, which has no pages. */
export const MAX_CONVERSATIONS_PER_SESSION = 100;

/** Clients send `ping` at least this often while they are awake. */
export const PING_INTERVAL_MS = 30_000;

/** A connection not heard of for this long is no longer present. */
export const PRESENCE_LEASE_MS = 90_000;

/** How long a socket ticket is good for. */
export const TICKET_TTL_MS = 60_000;

/** How long after a creation its idempotency key still answers with the session. */
export const IDEMPOTENCY_WINDOW_MS = 600_000;

/** Connections that a `presence` list names: keeps the frame below `MAX_FRAME_BYTES` in a crowd. */
export const MAX_PRESENCE = 200;

/** `delta` frames a reader gets in a second at most, over all answers of its session. */
export const DELTAS_PER_SECOND = 20;

/** A streamed answer's text is stored at most this long after it came, and not more often. */
export const STREAM_STORE_INTERVAL_MS = 1_000;

/** A streamed answer whose producer says nothing for this long has broken off. */
export const STREAM_SILENCE_MS = 300_000;

/** Answers that are being written in one session at a time. */
export const MAX_STREAMS_PER_SESSION = 20;

/** Messages in one delivery of events … */
export const MAX_EVENTS_PER_BATCH = 100;

/** … and how many bytes they have together, if they are more than one. */
export const MAX_EVENT_BATCH_BYTES = 512 * KIB;

/** How long a receiver may take to answer; visitors never wait for it, but the object stays awake. */
export const WEBHOOK_TIMEOUT_MS = 15_000;

/** After so long without success the cursor waits, until somebody resumes. */
export const WEBHOOK_GIVE_UP_MS = 3 * 86_400_000;

/** How long the webhook secret before the last one signs beside it. */
export const WEBHOOK_SECRET_OVERLAP_MS = 86_400_000;

/** Tests of a team's webhook in a minute: each makes the Worker call an address of the team's choice. */
export const WEBHOOK_TESTS_PER_MINUTE = 10;

/** Runs of the cleanup that one team asks for in a minute: each wakes up to some hundred sessions. */
export const CLEANUPS_PER_MINUTE_PER_TEAM = 30;

/** Redactions that a resuming reader is told of, the latest. */
export const MAX_REDACTIONS_TOLD = 1000;

/** One file: what a phone's camera makes fits. */
export const MAX_FILE_BYTES = 25 * MIB;

/** Files of one session, deleted ones not counted: bounds its list. */
export const MAX_FILES_PER_SESSION = 500;

/** Bytes of all files of one session, deleted ones not counted. */
export const MAX_FILE_BYTES_PER_SESSION = 250 * MIB;

/** Uploads of one credential in a minute. */
export const UPLOADS_PER_MINUTE_PER_CREDENTIAL = 30;

/** An upload that has not come through by then has broken off: what there is of it is deleted. */
export const UPLOAD_TIMEOUT_MS = 3_600_000;

/** A `clientId` whose upload began so long ago may be uploaded again: the first one has broken off, or breaks off then. */
export const UPLOAD_RETRY_MS = 60_000;

/** A file that no message has taken by then is deleted. */
export const UNSENT_FILE_MS = 86_400_000;

/** A deleted file opens to nobody at once; its bytes are kept for so long, for whoever deleted the wrong one. */
export const DELETED_FILE_KEPT_MS = 7 * 86_400_000;
