-- Rows that follow from other rows, kept by triggers so that they change in the statement that changes their source.
-- In a guarded upsert that changes nothing no trigger fires.
-- A migration that rebuilds `sessions` or `teams` drops these triggers with the old table and must create them again.

CREATE TRIGGER teams_insert AFTER INSERT ON teams
BEGIN
  INSERT INTO team_counters (team_id) VALUES (NEW.id);
  INSERT INTO team_origins (origin, team_id)
    SELECT DISTINCT value, NEW.id FROM json_each(NEW.policy, '$.allowedOrigins');
END;
--> statement-breakpoint
CREATE TRIGGER teams_update_origins AFTER UPDATE OF policy ON teams
  WHEN OLD.policy -> '$.allowedOrigins' IS NOT NEW.policy -> '$.allowedOrigins'
BEGIN
  -- Origin by origin: the key begins with it.
  DELETE FROM team_origins WHERE team_id = OLD.id
    AND origin IN (SELECT value FROM json_each(OLD.policy, '$.allowedOrigins'));
  INSERT INTO team_origins (origin, team_id)
    SELECT DISTINCT value, NEW.id FROM json_each(NEW.policy, '$.allowedOrigins');
END;
--> statement-breakpoint
-- The counters of a team are only ever changed by its own sessions.
CREATE TRIGGER sessions_keep_team BEFORE UPDATE OF team_id ON sessions
  WHEN OLD.team_id IS NOT NEW.team_id
BEGIN
  SELECT RAISE(ABORT, 'a session stays with its team');
END;
--> statement-breakpoint
CREATE TRIGGER sessions_count_insert AFTER INSERT ON sessions
BEGIN
  UPDATE team_counters SET
    total = total + 1,
    idle = idle + (NEW.end_reason IS 'idle'),
    absolute = absolute + (NEW.end_reason IS 'absolute'),
    terminated = terminated + (NEW.end_reason IS 'terminated'),
    erased = erased + (NEW.end_reason IS 'erased'),
    duration_ms = duration_ms + NEW.last_accessed - NEW.created_at
  WHERE team_id = NEW.team_id;
END;
--> statement-breakpoint
CREATE TRIGGER sessions_count_update AFTER UPDATE OF end_reason, last_accessed, created_at ON sessions
  WHEN OLD.end_reason IS NOT NEW.end_reason
    OR OLD.last_accessed - OLD.created_at IS NOT NEW.last_accessed - NEW.created_at
BEGIN
  UPDATE team_counters SET
    idle = idle + (NEW.end_reason IS 'idle') - (OLD.end_reason IS 'idle'),
    absolute = absolute + (NEW.end_reason IS 'absolute') - (OLD.end_reason IS 'absolute'),
    terminated = terminated + (NEW.end_reason IS 'terminated') - (OLD.end_reason IS 'terminated'),
    erased = erased + (NEW.end_reason IS 'erased') - (OLD.end_reason IS 'erased'),
    duration_ms = duration_ms + (NEW.last_accessed - NEW.created_at) - (OLD.last_accessed - OLD.created_at)
  WHERE team_id = NEW.team_id;
END;
--> statement-breakpoint
-- What is gone is not active: a session whose end the index never heard of counts as erased.
CREATE TRIGGER sessions_count_delete AFTER DELETE ON sessions
BEGIN
  UPDATE team_counters SET
    total = total - 1,
    idle = idle - (OLD.end_reason IS 'idle'),
    absolute = absolute - (OLD.end_reason IS 'absolute'),
    terminated = terminated - (OLD.end_reason IS 'terminated'),
    erased = erased - (OLD.end_reason IS 'erased'),
    duration_ms = duration_ms - (OLD.last_accessed - OLD.created_at),
    purged_total = purged_total + 1,
    purged_idle = purged_idle + (OLD.end_reason IS 'idle'),
    purged_absolute = purged_absolute + (OLD.end_reason IS 'absolute'),
    purged_terminated = purged_terminated + (OLD.end_reason IS 'terminated'),
    purged_erased = purged_erased + (coalesce(OLD.end_reason, 'erased') = 'erased'),
    purged_duration_ms = purged_duration_ms + (OLD.last_accessed - OLD.created_at)
  WHERE team_id = OLD.team_id;
END;
