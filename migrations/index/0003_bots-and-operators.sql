CREATE TABLE `webhook_failures` (
	`team_id` text NOT NULL,
	`session_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`failing_since` integer NOT NULL,
	`attempts` integer NOT NULL,
	`last_error` text NOT NULL,
	`stopped_at` integer,
	PRIMARY KEY(`team_id`, `session_id`),
	FOREIGN KEY (`team_id`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `conversations` ADD `handled_by` text DEFAULT 'bot' NOT NULL;--> statement-breakpoint
ALTER TABLE `conversations` ADD `assignee` text;--> statement-breakpoint
ALTER TABLE `teams` ADD `webhook` text;