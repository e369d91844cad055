CREATE TABLE `audit_events` (
	`team_id` text NOT NULL,
	`at` integer NOT NULL,
	`id` text NOT NULL,
	`session_id` text,
	`type` text NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`details` text,
	PRIMARY KEY(`team_id`, `at`, `id`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `identity_keys` (
	`team_id` text NOT NULL,
	`kid` text NOT NULL,
	`algorithm` text NOT NULL,
	`public_key` text,
	`key_version` integer,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	PRIMARY KEY(`team_id`, `kid`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `operator_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`operator_id` text NOT NULL,
	`name` text NOT NULL,
	`avatar_url` text,
	`secret_hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idx_operator_tokens_operator` ON `operator_tokens` (`team_id`,`operator_id`);--> statement-breakpoint
CREATE INDEX `idx_operator_tokens_expires_at` ON `operator_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `used_identity_tokens` (
	`team_id` text NOT NULL,
	`jti_hash` text NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`team_id`, `jti_hash`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `idx_used_identity_tokens_expires_at` ON `used_identity_tokens` (`expires_at`);--> statement-breakpoint
CREATE INDEX `idx_team_keys_team_id` ON `team_keys` (`team_id`,`created_at`);