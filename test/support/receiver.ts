/** A team's receiver as a test sees it: what it got, and how it is to answer; see test/service/event-receivers.ts. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { EventBatch, SessionEvent, WebhookPayload } from "../../src/protocol/events.ts";
import type { PutWebhookResponse } from "../../src/protocol/webhook.ts";
import { call, newTeam, newTeamKey } from "./api.ts";

export interface ReceiverAnswer {
  /** 0: it is down, and gets nothing. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  /** Until it is released. */
  readonly hangs?: true;
}

export interface Got {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Of a delivery to the app. */
  readonly batch?: EventBatch;
  /** What it answered. */
  readonly status: number;
}

let receivers = 0;

export class Receiver {
  readonly name: string;

  constructor(name = `r${++receivers}-${crypto.randomUUID().slice(0, 8)}`) {
    this.name = name;
  }

  get url(): string {
    return `https://receiver.example/${this.name}`;
  }

  /** @param how `answers` for the next deliveries, one each; `always` for those after them */
  async answer(how: {
    readonly answers?: readonly ReceiverAnswer[];
    readonly always?: ReceiverAnswer;
    readonly release?: true;
  }): Promise<void> {
    await env.INTERNET.fetch(this.#control, { method: "PUT", body: JSON.stringify(how) });
  }

  async got(): Promise<readonly Got[]> {
    return (await this.#asked()).got;
  }

  /** How many deliveries there were at a time, at most. */
  async most(): Promise<number> {
    return (await this.#asked()).most;
  }

  /** Batches as they came, those that were refused and those that came again among them. */
  async batches(): Promise<readonly { readonly id: string; readonly batch: EventBatch }[]> {
    return (await this.got()).map(({ headers, body, batch }) => {
      if (batch !== undefined) return { id: "", batch };
      const payload = JSON.parse(body) as WebhookPayload;
      if (payload.type !== "session.events") throw new Error(`not events: ${payload.type}`);
      return { id: headers["webhook-id"] ?? "", batch: payload.data };
    });
  }

  async events(): Promise<readonly SessionEvent[]> {
    return (await this.batches()).flatMap(({ batch }) => batch.events);
  }

  /** Waits until so many deliveries came, and returns them. */
  async until(isEnough: (got: readonly Got[]) => boolean): Promise<readonly Got[]> {
    for (;;) {
      const got = await this.got();
      if (isEnough(got)) return got;
      await scheduler.wait(2);
    }
  }

  /** Waits until an event of this type came. */
  async untilEvent(isIt: (event: SessionEvent) => boolean): Promise<readonly SessionEvent[]> {
    for (;;) {
      const events = await this.events();
      if (events.some(isIt)) return events;
      await scheduler.wait(2);
    }
  }

  get #control(): string {
    return `https://receiver.example/_/${this.name}`;
  }

  async #asked(): Promise<{ readonly got: readonly Got[]; readonly most: number }> {
    return await (await env.INTERNET.fetch(this.#control)).json();
  }
}

export interface HearingTeam {
  readonly teamId: string;
  readonly teamKey: string;
  readonly receiver: Receiver;
  readonly secret: string;
}

export async function putWebhook(
  { teamId, teamKey }: Pick<HearingTeam, "teamId" | "teamKey">,
  body: { readonly url: string; readonly rotateSecret?: true },
): Promise<PutWebhookResponse> {
  const path = `/api/teams/${teamId}/webhook`;
  const response = await call(path, { method: "PUT", bearer: teamKey, body });
  expect(response.ok, await response.clone().text()).toBe(true);
  return await response.json();
}

/** A team whose events go to a receiver of its own. */
export async function newHearingTeam(): Promise<HearingTeam> {
  const teamId = await newTeam();
  const teamKey = await newTeamKey(teamId);
  const receiver = new Receiver();
  const { secret = "" } = await putWebhook({ teamId, teamKey }, { url: receiver.url });
  return { teamId, teamKey, receiver, secret };
}
