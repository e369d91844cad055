-- The tables of one session; they come into being with it, in the transaction that creates it.

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
  -- What the index knows: when it was told, and of which access.
  indexed_at INTEGER NOT NULL,
  indexed_access INTEGER NOT NULL,
  sockets_closed_at INTEGER
);

CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
  secret_digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) WITHOUT ROWID;

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('open', 'pending', 'closed')),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- No index by conversation: it would be a third row written with every message, to spare reads that cost a thousandth.
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  client_id TEXT,
  conversation_id TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'operator', 'system')),
  author TEXT,
  content TEXT NOT NULL,
  metadata TEXT,
  created_at INTEGER NOT NULL,
  credential_id TEXT,
  -- Whether it keeps the session alive: the message is then its own touch.
  slides INTEGER NOT NULL,
  -- Bytes of this message and all before it, as JSON on the wire: windows and quota are differences of two of these.
  total_bytes INTEGER NOT NULL
);

CREATE UNIQUE INDEX messages_by_client_id ON messages (side, client_id);

CREATE TABLE read_marks (
  conversation_id TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  seq INTEGER NOT NULL,
  PRIMARY KEY (conversation_id, side)
) WITHOUT ROWID;

-- What the index has yet to hear: 'session' or 'conversation:<id>'. A row with a failure is a dead letter.
CREATE TABLE index_outbox (
  entity TEXT PRIMARY KEY,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  failure TEXT
) WITHOUT ROWID;
