import type { CryptoKey, JWK } from "jose";
import { base64url, importJWK, importPKCS8, SignJWT } from "jose";

const DEFAULT_SECONDS = 120;

interface IdentityClaims {
  /** Of the identity key that signs. */
  readonly kid: string;
  readonly teamId: string;
  /** The team's own id of the person. */
  readonly userId: string;
  /** At most 300; 120 when it is left out. */
  readonly expiresInSeconds?: number;
}

/** What an identity key signs with: for HS256 the secret that its making answered, for ES256 the private key of the pair. */
export type IdentitySigningKey =
  | { readonly secret: string }
  /** PKCS #8 in PEM, a JWK, or a key of WebCrypto. */
  | { readonly privateKey: string | JWK | CryptoKey };

/**
 * Says who a visitor is: a JWT (RFC 7519) for one `identify` or `resume`, by the key named `kid`. Make one for each call:
 * it works once.
 */
export async function signIdentityToken(
  options: IdentityClaims & IdentitySigningKey,
): Promise<string> {
  const { kid, teamId, userId, expiresInSeconds = DEFAULT_SECONDS } = options;
  const [alg, key] =
    "secret" in options
      ? (["HS256", base64url.decode(options.secret)] as const)
      : (["ES256", await privateKeyOf(options.privateKey)] as const);
  return await new SignJWT()
    .setProtectedHeader({ alg, kid })
    .setAudience(teamId)
    .setSubject(userId)
    .setJti(crypto.randomUUID())
    .setExpirationTime(`${expiresInSeconds} seconds`)
    .sign(key);
}

async function privateKeyOf(key: string | JWK | CryptoKey) {
  if (typeof key === "string") return await importPKCS8(key, "ES256");
  return "kty" in key ? await importJWK(key, "ES256") : (key as CryptoKey);
}
