-- What older clients kept, and where it went; files that messages point to.

ALTER TABLE conversations ADD COLUMN imported_id TEXT;

ALTER TABLE messages ADD COLUMN imported_created_at INTEGER;

ALTER TABLE messages ADD COLUMN attachments TEXT;
