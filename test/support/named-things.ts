/** What requests act upon, made by the product itself: invites, devices, keys, people. */

import type { StoredAttachment, UploadedFile } from "../../src/protocol/file.ts";
import type { Message } from "../../src/protocol/message.ts";
import type { OpenedSession, SessionWithToken } from "../../src/protocol/rest.ts";
import type { CredentialRole } from "../../src/protocol/session.ts";
import type { CreatedInvite } from "../../src/protocol/sharing.ts";
import type { OperatorToken } from "../../src/protocol/team.ts";
import type { HttpApi, Sent } from "./http-api.ts";
import { type IdentitySigner, identityToken, newIdentitySigner } from "./identity.ts";

/** A team, with what opens it. */
export interface TeamThings {
  readonly teamId: string;
  readonly teamKey: string;
  readonly signer: IdentitySigner;
}

export class NamedThings {
  readonly #api: HttpApi;

  constructor(api: HttpApi) {
    this.#api = api;
  }

  async team(teamId: string): Promise<TeamThings> {
    const teamKey = await this.#api.newTeamKey(teamId);
    return { teamId, teamKey, signer: await newIdentitySigner(this.#api, teamId) };
  }

  async invite(
    { session, token }: SessionWithToken,
    role: CredentialRole,
  ): Promise<{ readonly inviteId: string; readonly secret: string }> {
    const path = `/api/sessions/${session.id}/invites`;
    const { inviteId, url } = await this.#made<CreatedInvite>(path, {
      bearer: token,
      body: { role },
    });
    return { inviteId, secret: new URL(url).hash.replace(/^#ds-invite=/, "") };
  }

  /** A token of somebody who was invited. */
  async guest(chat: SessionWithToken, role: CredentialRole): Promise<string> {
    const { secret } = await this.invite(chat, role);
    const redeemed = await this.#made<OpenedSession>("/api/invites/redeem", { body: { secret } });
    return redeemed.token ?? "";
  }

  /** A good token that says that its bearer is the person of this session. */
  identityToken({ signer }: TeamThings, { id }: { readonly id: string }): Promise<string> {
    return identityToken(signer, { sub: personOf(id) });
  }

  /** Binds the session to its person; its owner's token is another then. */
  async identify(team: TeamThings, { session, token }: SessionWithToken): Promise<string> {
    const body = { identityToken: await this.identityToken(team, session) };
    const path = `/api/sessions/${session.id}/identify`;
    const identified = await this.#made<OpenedSession>(path, { bearer: token, body });
    return identified.token ?? "";
  }

  /** Sees to it that the team has one. */
  async webhook({ teamId, teamKey }: TeamThings): Promise<void> {
    const path = `/api/teams/${teamId}/webhook`;
    if ((await this.#api.call(path, { bearer: teamKey })).ok) return;
    const body = { url: "https://receiver.example/sample" };
    await this.#made(path, { method: "PUT", bearer: teamKey, body });
  }

  async operatorToken(
    { teamId, teamKey }: TeamThings,
    operatorId: string,
    name = "Anna",
  ): Promise<string> {
    const path = `/api/teams/${teamId}/operators`;
    const body = { operatorId, name };
    return (await this.#made<OperatorToken>(path, { bearer: teamKey, body })).operatorToken;
  }

  /** One that the owner wrote. */
  async message({ session, token }: SessionWithToken, content = "Hello"): Promise<Message> {
    const path = `/api/sessions/${session.id}/messages`;
    const body = { clientId: `message-${++unique}`, content };
    return (await this.#made<{ message: Message }>(path, { bearer: token, body })).message;
  }

  /** One that the owner uploaded. */
  async file({ session, token }: SessionWithToken): Promise<StoredAttachment> {
    const query = `name=hello.txt&clientId=file-${++unique}`;
    const path = `/api/sessions/${session.id}/files?${query}`;
    return (await this.#made<UploadedFile>(path, { bearer: token, text: "Hello" })).file;
  }

  async #made<T>(path: string, sent: Sent): Promise<T> {
    const response = await this.#api.call(path, sent);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }
}

export function personOf(sessionId: string): string {
  return `person-of-${sessionId}`;
}

/** What a request names, in its path or its body. */
export interface Named {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
}

let unique = 0;

/** By operation, what it can act upon with success; made anew each time. */
export const NAMED: Readonly<
  Record<string, (api: HttpApi, team: TeamThings, chat: SessionWithToken) => Promise<Named>>
> = {
  // Teams of their own: one has a limited number of keys.
  async revokeTeamKey(api) {
    const teamId = await api.newTeam();
    const [, keyId = ""] = (await api.newTeamKey(teamId)).split("_");
    return { params: { teamId, keyId } };
  },
  async revokeIdentityKey(api) {
    const teamId = await api.newTeam();
    return { params: { teamId, kid: (await newIdentitySigner(api, teamId)).kid } };
  },
  async revokeOperator(api, team) {
    const operatorId = `operator-${++unique}`;
    await new NamedThings(api).operatorToken(team, operatorId);
    return { params: { operatorId } };
  },
  async getWebhook(api, team) {
    await new NamedThings(api).webhook(team);
    return {};
  },
  async deleteWebhook(api, team) {
    await new NamedThings(api).webhook(team);
    return {};
  },
  async testWebhook(api, team) {
    await new NamedThings(api).webhook(team);
    return {};
  },
  async resumeWebhook(api, team) {
    await new NamedThings(api).webhook(team);
    return {};
  },
  async replayEvents(api, team, { session }) {
    await new NamedThings(api).webhook(team);
    return { body: { sessionId: session.id, since: session.createdAt } };
  },
  async revokeDevice(api, _, chat) {
    const [, credentialId = ""] = (await new NamedThings(api).guest(chat, "reader")).split(".");
    return { params: { credentialId } };
  },
  async revokeInvite(api, _, chat) {
    const { inviteId } = await new NamedThings(api).invite(chat, "reader");
    return { params: { inviteId } };
  },
  async updateConversation(_, __, { session }) {
    return { params: { conversationId: session.defaultConversationId } };
  },
  async redactMessage(api, _, chat) {
    return { params: { messageId: (await new NamedThings(api).message(chat)).id } };
  },
  async downloadFile(api, _, chat) {
    return { params: { fileId: (await new NamedThings(api).file(chat)).fileId } };
  },
  async deleteFile(api, _, chat) {
    return { params: { fileId: (await new NamedThings(api).file(chat)).fileId } };
  },
  async redeemInvite(api, _, chat) {
    const { secret } = await new NamedThings(api).invite(chat, "reader");
    return { body: { secret } };
  },
  async identifySession(api, team, { session }) {
    return { body: { identityToken: await new NamedThings(api).identityToken(team, session) } };
  },
  async resumeSession(api, team, chat) {
    const things = new NamedThings(api);
    await things.identify(team, chat);
    const token = await things.identityToken(team, chat.session);
    return {
      body: { teamId: team.teamId, sessionId: chat.session.id, identityToken: token },
    };
  },
};
