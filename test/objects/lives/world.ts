// The real thing that a life happens in: a team, its sessions over HTTP, and what goes wrong meanwhile.
import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { SessionWithToken } from "../../../src/protocol/rest.ts";
import type { TeamPolicy } from "../../../src/protocol/team.ts";
import { call, type Sent } from "../../support/api.ts";
import type { TeamThings } from "../../support/named-things.ts";
import { killObject } from "../../support/object-of.ts";
import { seededRandom } from "../../support/random.ts";
import { Faults } from "./faults.ts";
import { SessionModel } from "./model.ts";

export interface LivesTeam extends TeamThings {
  readonly policy: TeamPolicy;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: T;
}

export class World {
  readonly team: LivesTeam;
  readonly faults: Faults;
  readonly sessions: SessionModel[] = [];
  /** What was done, and what came of it. */
  readonly history: string[];
  /** Words and names are this life's own. */
  readonly name: string;
  /** Of a world where no alarm is ever lost, alarms have to do it all. */
  readonly isCleanedUp: boolean;
  #names = 0;
  /** When sessions were asked for without an answer. */
  readonly #unheard: number[] = [];
  #beside: Promise<unknown>[] = [];
  #isAlone = true;

  constructor(team: LivesTeam, name: string, seed: number, history: string[]) {
    this.team = team;
    this.history = history;
    this.isCleanedUp = seed % 3 !== 0;
    this.name = name;
    const random = seededRandom(seed);
    this.faults = new Faults(random);
    // Backoffs and the like repeat with the seed.
    vi.spyOn(Math, "random").mockImplementation(seededRandom(seed + 1));
    this.faults.install(async () => {
      for (const { id } of this.sessions) await killObject(id);
    });
  }

  close(): void {
    this.faults.uninstall();
    vi.mocked(Math.random).mockRestore();
  }

  /** A name that nothing else has, and that no other begins with. */
  unique(what: string): string {
    return `${what}-${this.name}-${++this.#names}-`;
  }

  /** Goes on beside the next step. */
  beside(work: Promise<unknown>): void {
    this.#beside.push(work);
  }

  /** Does one step; resolves when also that is through which was begun before it. */
  async step(name: string, act: () => Promise<void>): Promise<void> {
    this.history.push(name);
    const before = this.#beside;
    this.#beside = [];
    this.#isAlone = before.length === 0;
    await act();
    await Promise.all(before);
    this.#isAlone = true;
  }

  /** An answer of 5xx is one only while something fails. */
  async ask<T = unknown>(path: string, sent: Sent): Promise<Answer<T>> {
    return await this.judge(() => call(path, sent));
  }

  async judge<T = unknown>(send: () => Promise<Response>): Promise<Answer<T>> {
    let answer: Answer<T>;
    try {
      const response = await send();
      const text = new TextDecoder().decode(await response.arrayBuffer());
      const isJson = /[/+]json/.test(response.headers.get("Content-Type") ?? "");
      const body = isJson ? JSON.parse(text) : text;
      answer = { status: response.status, code: body?.code, body };
    } catch (error) {
      // What was being read broke off.
      if (!this.mayFail) throw error;
      answer = { status: 599, code: String(error), body: undefined as T };
    }
    this.history.push(`  ${answer.status} ${answer.code ?? ""}`);
    if (answer.status >= 500) expect(this.mayFail, `${answer.status} for nothing`).toBe(true);
    return answer;
  }

  /** Whether a call may fail: something is out of order, or dies of what is done beside it. */
  get mayFail(): boolean {
    return this.faults.areOn || !this.#isAlone;
  }

  async create(): Promise<void> {
    const now = Date.now();
    const created = await this.ask<SessionWithToken>("/api/sessions/create", {
      body: { teamId: this.team.teamId },
    });
    if (created.status >= 500) {
      this.#unheard.push(now);
      return;
    }
    expect(created.status).toBe(201);
    const { session, token } = created.body;
    this.sessions.push(new SessionModel(session.id, token, this.team.policy, now));
  }

  /** Sessions that were made and nobody heard of, as the index has them. */
  async adopt(): Promise<void> {
    const { results } = await env.INDEX_DB.prepare(
      "SELECT id, created_at AS at FROM sessions WHERE team_id = ?",
    )
      .bind(this.team.teamId)
      .all<{ id: string; at: number }>();
    for (const { id, at } of results) {
      if (this.sessions.some((known) => known.id === id)) continue;
      expect(this.#unheard, "made by nobody").toContain(at);
      this.sessions.push(new SessionModel(id, undefined, this.team.policy, at));
    }
  }
}
