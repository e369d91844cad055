import { base64url, exportJWK, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { signIdentityToken } from "../../../client/server/identity-token.ts";

const CLAIMS = { kid: "idk_1", teamId: "acme", userId: "user-1" };

test("an identity token by a secret says who, for which team, once, for a short time", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const secret = base64url.encode(bytes);
  const sign = (more: object = {}) => signIdentityToken({ ...CLAIMS, secret, ...more });
  const read = (token: string) => jwtVerify(token, bytes, { audience: "acme" });
  const { payload, protectedHeader } = await read(await sign());
  expect(protectedHeader).toEqual({ alg: "HS256", kid: "idk_1" });
  const { sub, aud, jti, exp = 0 } = payload;
  expect({ sub, aud }).toEqual({ sub: "user-1", aud: "acme" });
  expect(Math.abs(exp - Date.now() / 1000 - 120)).toBeLessThan(30);
  const another = await read(await sign({ expiresInSeconds: 300 }));
  expect(another.payload.jti).not.toBe(jti);
  expect(Math.abs((another.payload.exp ?? 0) - exp - 180)).toBeLessThan(30);
});

test("an identity token by a pair of keys takes the private one in any form", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  const forms = [privateKey, await exportJWK(privateKey), await exportPKCS8(privateKey)];
  for (const form of forms) {
    const token = await signIdentityToken({ ...CLAIMS, privateKey: form });
    const { payload, protectedHeader } = await jwtVerify(token, publicKey, { audience: "acme" });
    expect(protectedHeader).toEqual({ alg: "ES256", kid: "idk_1" });
    expect(payload.sub).toBe("user-1");
  }
});
