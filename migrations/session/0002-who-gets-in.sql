-- Keys that rotate, links, and the audit trail's way out. What was not known of a key before is empty.

ALTER TABLE session ADD COLUMN key_good INTEGER NOT NULL DEFAULT 1;

ALTER TABLE index_outbox ADD COLUMN payload TEXT;

ALTER TABLE credentials RENAME TO credentials_before;

CREATE TABLE credentials (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
  secret_digest BLOB NOT NULL,
  generation INTEGER NOT NULL,
  minted_at INTEGER NOT NULL,
  superseded TEXT NOT NULL,
  device_info TEXT NOT NULL,
  location_info TEXT NOT NULL,
  invite_id TEXT,
  sponsor_id TEXT,
  sponsor_generation INTEGER,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO credentials
  SELECT id, role, secret_digest, 0, created_at, '[]', '{}', '{}', NULL, NULL, NULL, created_at, created_at
  FROM credentials_before WHERE revoked_at IS NULL;

DROP TABLE credentials_before;

CREATE TABLE invites (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
  secret_digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  max_uses INTEGER NOT NULL,
  uses INTEGER NOT NULL,
  sponsor_id TEXT NOT NULL,
  sponsor_generation INTEGER NOT NULL
) WITHOUT ROWID;
