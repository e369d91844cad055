/** The document describes what is there: all of it, nothing else, and in the shapes that are really answered. */
import schema from "@seriousme/openapi-schema-validator/schemas/v3.1/schema.json" with {
  type: "json",
};
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, test } from "vitest";
import { ERROR_STATUS } from "../../src/protocol/errors.ts";
import type { Audience } from "../../src/routes/origin.ts";
import { call, newSession, newTeam, newTeamKey } from "../support/api.ts";
import { TEST_ADMIN_TOKEN } from "../support/test-env.ts";
import { type Names, type RouteSample, requestOf, SAMPLES } from "./sample-requests.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let document: Document;
let validators: Ajv2020;

beforeAll(async () => {
  document = await (await call("/api/openapi.json")).json<Document>();
  validators = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  validators.addSchema({ $id: "document", ...document });
});

const templated = (pattern: string) => pattern.replace(/:(\w+)/g, "{$1}");

const operationOf = ({ pattern, method }: RouteSample) =>
  document.paths[templated(pattern)]?.[method.toLowerCase()];

/** What the document says that `sample` answers with this status; undefined for no content. */
function answerSchema(
  sample: RouteSample,
  status: number,
  type: string,
): ValidateFunction | undefined {
  const pointer = [
    "paths",
    templated(sample.pattern),
    sample.method.toLowerCase(),
    "responses",
    status,
  ]
    .map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")))
    .join("/");
  const media = `content/${encodeURIComponent(type.replaceAll("/", "~1"))}/schema`;
  return validators.getSchema(`document#/${pointer}/${media}`);
}

test("it is OpenAPI 3.1", () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  expect(document.openapi).toBe("3.1.0");
  expect(validate({ ...document, paths: [] })).toBe(false);
});

test("its references lead somewhere", () => {
  const text = JSON.stringify(document);
  const references = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to));
  expect([...references]).toEqual(["#/components/schemas/Problem"]);
});

test("every route is in it, and no other", () => {
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = SAMPLES.map(({ method, pattern }) => `${method} ${templated(pattern)}`);
  expect(described.sort()).toEqual(served.sort());
});

test("operations have a name of their own", () => {
  const names = SAMPLES.map((sample) => operationOf(sample)?.operationId);
  expect(new Set(names).size).toBe(names.length);
});

test("a creation alone takes an idempotency key", () => {
  const takers = SAMPLES.map((sample) => operationOf(sample)).filter((operation) =>
    operation?.parameters.some(({ name }) => name === "Idempotency-Key"),
  );
  expect(takers.map((operation) => operation?.operationId)).toEqual(["createSession"]);
});

describe.each(SAMPLES)("$title", (sample) => {
  test("says what it takes, in schemas that are good", () => {
    const operation = operationOf(sample);
    const inPath = operation?.parameters.filter(({ in: place }) => place === "path") ?? [];
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(
      templated(sample.pattern).match(/\{\w+\}/g) ?? [],
    );
    const { body, takesText, takesFile } = sample.endpoint;
    const takesBody = body !== undefined || takesText === true || takesFile === true;
    expect(operation?.requestBody !== undefined).toBe(takesBody);
    expect(operation?.summary).not.toBe("");
    expect(operation?.security.length).toBeGreaterThan(0);
  });

  const { body } = sample.endpoint;
  if (body)
    test("takes what its schema allows and refuses unknown fields in it", () => {
      const place = `document#/paths/${encodeURIComponent(templated(sample.pattern).replaceAll("/", "~1"))}`;
      const method = sample.method.toLowerCase();
      const validate = validators.getSchema(
        `${place}/${method}/requestBody/content/application~1json/schema`,
      );
      const good = sample.body({ id: "", teamId: "team" });
      expect(validate?.(good), JSON.stringify(validate?.errors)).toBe(true);
      expect(validate?.({ ...good, unknown: 1 })).toBe(false);
    });

  test("names codes that there are, under their status", () => {
    for (const [status, { description }] of Object.entries(operationOf(sample)?.responses ?? {})) {
      if (Number(status) < 400) continue;
      const codes = description.match(/\w+/g) ?? [];
      expect(codes.length).toBeGreaterThan(0);
      for (const code of codes) {
        expect(ERROR_STATUS[code as keyof typeof ERROR_STATUS], code).toBe(Number(status));
      }
    }
  });
});

describe("real answers are as described", () => {
  let names: Names;
  let bearers: Record<Audience, readonly (string | undefined)[]>;

  beforeAll(async () => {
    const teamId = await newTeam();
    const location = { locationInfo: { country: "DE" }, userFingerprint: "fingerprint" };
    const key = await newTeamKey(teamId);
    const { session, token } = await newSession(teamId, { bearer: key, body: location });
    names = { id: session.id, teamId };
    bearers = {
      public: [undefined],
      creation: [undefined, key],
      session: [token, key, undefined, "nonsense"],
      team: [key, token, undefined],
      person: [key, token, undefined],
      caretaker: [TEST_ADMIN_TOKEN, key, token, undefined],
      admin: [TEST_ADMIN_TOKEN, undefined, "nonsense"],
    };
  });

  async function expectAsDescribed(sample: RouteSample, response: Response): Promise<void> {
    const { status } = response;
    const text = await response.text();
    const described = operationOf(sample)?.responses[status];
    expect(described, `${status} is not described: ${text}`).toBeDefined();
    const type = response.headers.get("Content-Type");
    if (text === "") {
      expect([type, status]).toEqual([null, 204]);
      return;
    }
    // Lines are described in words.
    if (type === "application/x-ndjson") return;
    const validate = answerSchema(sample, status, type ?? "");
    const body = JSON.parse(text) as { code?: string };
    expect(validate?.(body), `${text} ${JSON.stringify(validate?.errors)}`).toBe(true);
    if (status >= 400) expect(described?.description).toContain(`\`${body.code}\``);
    else expect(validate?.({ ...body, unknown: 1 })).toBe(false);
  }

  // The end comes last.
  const inOrder = SAMPLES.toSorted(
    (one, other) => Number(one.method === "DELETE") - Number(other.method === "DELETE"),
  );

  test.each(inOrder)("$title", async (sample) => {
    for (const bearer of bearers[sample.endpoint.audience]) {
      const sent = requestOf(sample, names);
      const path = sample.path(names);
      await expectAsDescribed(sample, await call(path, { ...sent, bearer }));
      await expectAsDescribed(sample, await call(`${path}?unknown=1`, { ...sent, bearer }));
      const foreign = sample.path({ id: "A".repeat(32), teamId: "no-such-team" });
      await expectAsDescribed(sample, await call(foreign, { ...sent, bearer }));
      if (sent.body !== undefined) {
        await expectAsDescribed(sample, await call(path, { ...sent, bearer, body: { x: 1 } }));
        await expectAsDescribed(sample, await call(path, { ...sent, bearer, body: "{" }));
      }
    }
  });

  test("after the session's end too", async () => {
    for (const sample of inOrder.filter(({ endpoint }) => endpoint.audience === "session")) {
      for (const bearer of bearers.session) {
        const sent = requestOf(sample, names);
        await expectAsDescribed(sample, await call(sample.path(names), { ...sent, bearer }));
      }
    }
  });
});
