import type { PresentedCredential } from "./credentials/token.ts";
import type { Author } from "./protocol/message.ts";
import type { TokenTransport } from "./protocol/rest.ts";
import type { KeyScope } from "./protocol/team.ts";

/** Who calls an operation; routes find it in the request, service bindings in their configuration. */
export type Caller = Anonymous | CredentialCaller | TeamCaller | OperatorCaller | AdminCaller;

export interface Anonymous {
  readonly kind: "anonymous";
}

/** A token with the right tag; its object decides whether it still opens. */
export interface CredentialCaller {
  readonly kind: "credential";
  readonly credential: PresentedCredential;
  /** How the token came, and so how a new one goes back. */
  readonly transport: TokenTransport;
}

export interface TeamCaller {
  readonly kind: "team";
  readonly teamId: string;
  readonly teamNumber: number;
  readonly scopes: readonly KeyScope[];
  /** Undefined for a service binding, which has no key. */
  readonly keyId: string | undefined;
}

/** A member of a team's staff. */
export interface OperatorCaller {
  readonly kind: "operator";
  readonly teamId: string;
  readonly teamNumber: number;
  readonly operatorId: string;
  /** Of the token that it came with. */
  readonly tokenId: string;
  /** What the operator's messages are signed with. */
  readonly author: Author;
}

export interface AdminCaller {
  readonly kind: "admin";
}
