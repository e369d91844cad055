-- Who answers in a conversation, redaction, streamed answers, and the cursors of those who hear of events.

ALTER TABLE session ADD COLUMN team_webhook TEXT;

ALTER TABLE session ADD COLUMN identified_after_seq INTEGER;

ALTER TABLE session ADD COLUMN identified_at INTEGER;

ALTER TABLE conversations ADD COLUMN handled_by TEXT NOT NULL DEFAULT 'bot' CHECK (handled_by IN ('bot', 'operator'));

ALTER TABLE conversations ADD COLUMN assignee TEXT;

ALTER TABLE messages ADD COLUMN redacted_at INTEGER;

CREATE INDEX messages_redacted ON messages (redacted_at) WHERE redacted_at IS NOT NULL;

CREATE TABLE streams (
  message_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  role TEXT NOT NULL,
  author TEXT,
  metadata TEXT,
  source TEXT NOT NULL CHECK (source IN ('body', 'calls')),
  text TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  heard_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE event_cursors (
  listener TEXT PRIMARY KEY CHECK (listener IN ('webhook', 'app')),
  listener_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  batch_end INTEGER,
  replays INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER,
  failing_since INTEGER,
  stopped_at INTEGER,
  last_error TEXT
) WITHOUT ROWID;
