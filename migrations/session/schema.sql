-- The tables of one session as they are today; they come into being with it, in the transaction that creates it. Sessions
-- of before climb the numbered steps, which lead to the same.

CREATE TABLE session (
  single INTEGER PRIMARY KEY CHECK (single = 1),
  id TEXT NOT NULL,
  team_id TEXT NOT NULL,
  team_number INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'expired', 'terminated')),
  end_reason TEXT,
  ended_at INTEGER,
  version INTEGER NOT NULL,
  user_id TEXT,
  user_fingerprint TEXT,
  device_info TEXT NOT NULL,
  location_info TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_accessed INTEGER NOT NULL,
  default_conversation_id TEXT NOT NULL,
  -- The last policy the team was known to have: what holds while the index is down.
  team_revision INTEGER NOT NULL,
  team_policy TEXT NOT NULL,
  team_webhook TEXT,
  -- What the index knows: when it was told, and of which access.
  indexed_at INTEGER NOT NULL,
  indexed_access INTEGER NOT NULL,
  sockets_closed_at INTEGER,
  -- Where in the log the session became somebody's, and when.
  identified_after_seq INTEGER,
  identified_at INTEGER,
  -- 0 once an owner's device was shut out: the idempotency key that it may still have must not let it in again.
  key_good INTEGER NOT NULL DEFAULT 1,
  -- When the transcript went to the bucket, and what it is there: {messages, lastSeq, totalBytes, sha256}.
  archived_at INTEGER,
  archive TEXT,
  -- Somebody asked for it to be gone: it opens nothing any more, and is purged as soon as all that takes part allows.
  erase_asked_at INTEGER,
  -- The epoch of the index that all of it was projected in; see INDEX_EPOCH.
  index_epoch INTEGER NOT NULL DEFAULT 0
);

-- The keys to the session that are good: one that is revoked is gone. Of their secrets only SHA-256.
CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
  secret_digest BLOB NOT NULL,
  -- How many secrets came before it.
  generation INTEGER NOT NULL,
  -- When it was minted, at first or by rotation.
  minted_at INTEGER NOT NULL,
  -- Secrets before it that may still be used: [{digest, successorGivenAt, successorUsedAt}], oldest first.
  superseded TEXT NOT NULL,
  device_info TEXT NOT NULL,
  location_info TEXT NOT NULL,
  -- The invite that it was made by, whose credential made that, and with which generation of its secret.
  invite_id TEXT,
  sponsor_id TEXT,
  sponsor_generation INTEGER,
  created_at INTEGER NOT NULL,
  -- To within an hour: a call is not worth a write.
  last_used_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Invites that are not revoked; those that open nothing any more are cleared when the next one is made.
CREATE TABLE invites (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
  secret_digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  max_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  -- The credential that made it, and with which generation of its secret.
  sponsor_id TEXT NOT NULL,
  sponsor_generation INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('open', 'pending', 'closed')),
  handled_by TEXT NOT NULL DEFAULT 'bot' CHECK (handled_by IN ('bot', 'operator')),
  assignee TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- What it was called in the older client that its first messages came from.
  imported_id TEXT
) WITHOUT ROWID;

-- No index by conversation: it would be a third row written with every message, to spare reads that cost a thousandth.
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  -- Of an imported message: '<conversation>/<id in the older client>'.
  client_id TEXT,
  conversation_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'operator', 'system')),
  author TEXT,
  content TEXT NOT NULL,
  metadata TEXT,
  -- When it was stored, by the object's clock.
  created_at INTEGER NOT NULL,
  -- Whose message counts against its rate; null for the team's and for what was imported.
  credential_id TEXT,
  -- Whether it keeps the session alive: the message is then its own touch.
  slides INTEGER NOT NULL,
  -- Bytes of this message and all before it, as JSON on the wire: windows and quota are differences of two of these.
  total_bytes INTEGER NOT NULL,
  redacted_at INTEGER,
  -- When it was written, as the visitor has it who brought it along; null of what was not imported.
  imported_created_at INTEGER,
  attachments TEXT
);

CREATE UNIQUE INDEX messages_by_client_id ON messages (side, client_id);

CREATE INDEX messages_redacted ON messages (redacted_at) WHERE redacted_at IS NOT NULL;

-- Answers that are being written, as far as they are stored; at its end each becomes a message of the same id.
CREATE TABLE streams (
  message_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  role TEXT NOT NULL,
  author TEXT,
  metadata TEXT,
  -- 'body': one request carries the text, and with it the answer ends. 'calls': each piece comes by a call of its own.
  source TEXT NOT NULL CHECK (source IN ('body', 'calls')),
  text TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  -- When its producer was last heard of, to within a store interval.
  heard_at INTEGER NOT NULL
) WITHOUT ROWID;

-- How far those who hear of the session's events have come. A position counts four for each seq; see event-order.ts.
CREATE TABLE event_cursors (
  listener TEXT PRIMARY KEY CHECK (listener IN ('webhook', 'app')),
  -- The webhook that it belongs to; another one begins anew.
  listener_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  -- Where the batch that is being delivered ends: a retry carries the same events under the same id. Null between batches.
  batch_end INTEGER,
  -- Grows with each replay, so that a batch of before is not taken for its repetition.
  replays INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER,
  failing_since INTEGER,
  stopped_at INTEGER,
  last_error TEXT
) WITHOUT ROWID;

-- Files, their bytes in the bucket under files/<session>/<id>. A row is there before the first byte and until after the last.
CREATE TABLE files (
  id TEXT PRIMARY KEY,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  client_id TEXT NOT NULL,
  -- Whose upload counts against its rate; null for the team's.
  credential_id TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('uploading', 'stored', 'deleted')),
  -- Of the message that took it.
  seq INTEGER,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  -- When it has to be looked at: an upload that broke off, a file that no message took, bytes that have been kept long enough.
  due_at INTEGER,
  -- How often its bytes could not be deleted.
  attempts INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE read_marks (
  conversation_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  seq INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, side)
) WITHOUT ROWID;

-- What the index has yet to hear: 'session', 'conversation:<id>', 'file:<id>', 'audit:<id>', or 'whole' for everything. A row with a failure is a dead letter.
CREATE TABLE index_outbox (
  entity TEXT PRIMARY KEY,
  -- An audit event as JSON; the others are read as they are when they are written.
  payload TEXT,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  failure TEXT
) WITHOUT ROWID;
