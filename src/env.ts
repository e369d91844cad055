import type { SessionEventsHandler } from "./protocol/events.ts";

/** What wrangler.toml binds and `.dev.vars` (or `wrangler secret`) holds. */
declare global {
  interface Env {
    readonly SESSIONS: DurableObjectNamespace;
    readonly LIMITERS: DurableObjectNamespace;
    /** Where sessions report what does not come through. */
    readonly MONITOR: DurableObjectNamespace;
    /** Asked before the limiters about whoever has no credential. */
    readonly OUTER_RING?: RateLimit;
    readonly INDEX_DB: D1Database;
    /** Files, archived transcripts, and the daily export of teams. */
    readonly BUCKET: R2Bucket;
    /** Raised to have every session project itself into the index anew; 0 where it is left out. See docs/operations.md. */
    readonly INDEX_EPOCH?: string;
    /** How many days the daily backups are kept; 90 where it is left out. */
    readonly BACKUP_DAYS?: string;
    /** How long the audit trail goes back; 400 where it is left out. */
    readonly AUDIT_RETENTION_DAYS?: string;
    readonly ASSETS: Fetcher;
    /** The Worker that hears of the events of all sessions: its entrypoint `SessionEvents`. */
    readonly APP?: SessionEventsHandler;
    /** Opens the admin routes; without it they answer 404. */
    readonly ADMIN_TOKEN?: string;
    /** Of a Turnstile widget; with it, visitors create sessions only with what that widget gave their page. */
    readonly TURNSTILE_SECRET?: string;
    /** "allowed" in development: webhooks may point to this machine, without TLS. */
    readonly LOCAL_WEBHOOKS?: string;
    /** `<version>:<base64url of 32 bytes>`, newest first, separated by commas; see src/keys.ts. */
    readonly SIGNING_KEYS: string;
  }
}
