CREATE TABLE `cleanup_runs` (
	`started_at` integer PRIMARY KEY NOT NULL,
	`duration_ms` integer NOT NULL,
	`result` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `files` (
	`session_id` text NOT NULL,
	`id` text NOT NULL,
	`team_id` text NOT NULL,
	`name` text NOT NULL,
	`type` text NOT NULL,
	`size` integer NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`remove_at` integer,
	PRIMARY KEY(`session_id`, `id`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idx_files_remove_at` ON `files` (`team_id`,`remove_at`,`session_id`) WHERE remove_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `purged` (
	`id_hash` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idx_purged_at` ON `purged` (`at`);--> statement-breakpoint
CREATE TABLE `sweeps` (
	`name` text PRIMARY KEY NOT NULL,
	`position` text NOT NULL,
	`updated_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `sessions` ADD `archived_at` integer;--> statement-breakpoint
DROP INDEX `idx_sessions_expires_at`;--> statement-breakpoint
CREATE INDEX `idx_sessions_expires_at` ON `sessions` (`team_id`,`expires_at`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE INDEX `idx_sessions_to_archive` ON `sessions` (`team_id`,`ended_at`,`id`) WHERE ended_at IS NOT NULL AND archived_at IS NULL;--> statement-breakpoint
CREATE INDEX `idx_sessions_to_purge` ON `sessions` (`team_id`,`ended_at`,`id`) WHERE archived_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `idx_audit_events_session_id` ON `audit_events` (`session_id`) WHERE session_id IS NOT NULL;