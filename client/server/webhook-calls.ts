import type {
  PutWebhookRequest,
  PutWebhookResponse,
  ReplayEventsRequest,
  ReplayEventsResponse,
  ResumeWebhookResponse,
  WebhookStatus,
  WebhookTest,
} from "../../src/protocol/webhook.ts";
import type { Api } from "./api.ts";

/** Where a team's events go; each call needs a key with the scope `admin`. */
export class WebhookCalls {
  readonly #api: Api;
  readonly #path: string;

  constructor(api: Api, teamPath: string) {
    this.#api = api;
    this.#path = `${teamPath}/webhook`;
  }

  /**
   * Sets the address. The answer has the secret, shown this once, for a new webhook and with `rotateSecret`; so the call
   * is not repeated when its answer is lost: then call again with `rotateSecret`.
   */
  put(request: PutWebhookRequest): Promise<PutWebhookResponse> {
    return this.#api.json({ method: "PUT", path: this.#path, body: request, repeatable: false });
  }

  /** The address, and which sessions' events do not get through. */
  get(): Promise<WebhookStatus> {
    return this.#api.json({ method: "GET", path: this.#path, repeatable: true });
  }

  delete(): Promise<void> {
    return this.#api.delete(this.#path);
  }

  /** Sends a `webhook.test` now, and says what came of it. */
  test(): Promise<WebhookTest> {
    return this.#post("/test", {});
  }

  /** Sessions that have given up deliver again; call again for as long as there are `more`. */
  resume(): Promise<ResumeWebhookResponse> {
    return this.#post("/resume", {});
  }

  /** One session's events from a time on are delivered again, under the ids that they had. */
  replay(request: ReplayEventsRequest): Promise<ReplayEventsResponse> {
    return this.#post("/replay", request);
  }

  #post<T>(path: string, body: object): Promise<T> {
    return this.#api.json({ method: "POST", path: this.#path + path, body, repeatable: false });
  }
}
