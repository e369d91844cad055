-- Files, the archive and the end of a session's data; see schema.sql for what each column is.

ALTER TABLE session ADD COLUMN archived_at INTEGER;
ALTER TABLE session ADD COLUMN archive TEXT;
ALTER TABLE session ADD COLUMN erase_asked_at INTEGER;
ALTER TABLE session ADD COLUMN index_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE files (
  id TEXT PRIMARY KEY,
  side TEXT NOT NULL CHECK (side IN ('visitor', 'team')),
  client_id TEXT NOT NULL,
  credential_id TEXT,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('uploading', 'stored', 'deleted')),
  seq INTEGER,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  due_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
