import { expect, test } from "vitest";
import { signed } from "../../src/domain/authorship.ts";

const ANNA = { id: "42", name: "Anna" };

test("staff write under their own name, whatever they say", () => {
  const message = { clientId: "a", content: "Hello" };
  const own = { ...message, role: "operator", author: ANNA };
  expect(signed(message, ANNA)).toEqual(own);
  expect(signed({ ...message, role: "user", author: { name: "Bob" } }, ANNA)).toEqual(own);
});

test("what others write stays as it is", () => {
  const message = { clientId: "a", content: "Hello", role: "system", author: { name: "Bob" } };
  expect(signed(message, undefined)).toEqual(message);
});
