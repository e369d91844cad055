-- Generated from src/session-index/schema.ts, but for WITHOUT ROWID, which is added by hand: a table with a text key
-- otherwise keeps its rows under a hidden number and an index of the keys beside them, two rows written instead of one.
CREATE TABLE `conversations` (
	`session_id` text NOT NULL,
	`id` text NOT NULL,
	`team_id` text NOT NULL,
	`status` text NOT NULL,
	`version` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`session_id`, `id`),
	FOREIGN KEY (`session_id`) REFERENCES `sessions`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "conversations_status" CHECK(status IN ('open', 'pending', 'closed'))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`user_fingerprint` text,
	`device_info` text NOT NULL,
	`location_info` text NOT NULL,
	`status` text NOT NULL,
	`last_accessed` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`version` integer NOT NULL,
	`user_id` text,
	`ended_at` integer,
	`end_reason` text,
	`country` text,
	`device_type` text,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "sessions_end" CHECK(status || ':' || coalesce(end_reason, '') IN ('active:', 'expired:idle', 'expired:absolute', 'terminated:terminated', 'terminated:erased') AND (status = 'active') = (ended_at IS NULL))
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idx_sessions_team_id` ON `sessions` (`team_id`,`status`,`last_accessed`,`id`);--> statement-breakpoint
CREATE INDEX `idx_sessions_last_accessed` ON `sessions` (`team_id`,`last_accessed`,`id`);--> statement-breakpoint
CREATE INDEX `idx_sessions_user_fingerprint` ON `sessions` (`team_id`,`user_fingerprint`,`last_accessed`,`id`) WHERE user_fingerprint IS NOT NULL;--> statement-breakpoint
CREATE INDEX `idx_sessions_user_id` ON `sessions` (`team_id`,`user_id`,`last_accessed`,`id`) WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `idx_sessions_expires_at` ON `sessions` (`expires_at`,`id`) WHERE status = 'active';--> statement-breakpoint
CREATE TABLE `team_counters` (
	`team_id` text PRIMARY KEY NOT NULL,
	`total` integer DEFAULT 0 NOT NULL,
	`idle` integer DEFAULT 0 NOT NULL,
	`absolute` integer DEFAULT 0 NOT NULL,
	`terminated` integer DEFAULT 0 NOT NULL,
	`erased` integer DEFAULT 0 NOT NULL,
	`duration_ms` integer DEFAULT 0 NOT NULL,
	`purged_total` integer DEFAULT 0 NOT NULL,
	`purged_idle` integer DEFAULT 0 NOT NULL,
	`purged_absolute` integer DEFAULT 0 NOT NULL,
	`purged_terminated` integer DEFAULT 0 NOT NULL,
	`purged_erased` integer DEFAULT 0 NOT NULL,
	`purged_duration_ms` integer DEFAULT 0 NOT NULL,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `team_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`secret_hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `team_origins` (
	`origin` text NOT NULL,
	`team_id` text NOT NULL,
	PRIMARY KEY(`origin`, `team_id`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `teams` (
	`number` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`policy` text NOT NULL,
	`revision` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `teams_id_unique` ON `teams` (`id`);
