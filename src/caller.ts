import type { PresentedCredential } from "./credentials.ts";
import type { KeyScope } from "./protocol/rest.ts";

/** Who calls an operation; routes find it in the request, service bindings in their configuration. */
export type Caller =
  | { readonly kind: "anonymous" }
  /** A token with the right tag; its object decides whether it still opens. */
  | { readonly kind: "credential"; readonly credential: PresentedCredential }
  | {
      readonly kind: "team";
      readonly teamId: string;
      readonly teamNumber: number;
      readonly scopes: readonly KeyScope[];
    }
  | { readonly kind: "admin" };
