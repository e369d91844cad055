// What the platform does unavoidably, and nothing else: the other side of every ratio. Run as it stands, types stripped.
import { DurableObject } from "cloudflare:workers";

interface BareEnv {
  readonly OBJECTS: DurableObjectNamespace<BareObject>;
  readonly INDEX_DB: D1Database;
}

/** Epoch milliseconds, 30 days apart: any would do. */
const CREATED_AT = 1_790_000_000_000;
const EXPIRES_AT = 1_792_592_000_000;

export class BareObject extends DurableObject<BareEnv> {
  /** Whether its room writes a message down before it sends it on. */
  #stores: boolean | undefined;

  async constant(): Promise<{ readonly isValid: true }> {
    return { isValid: true };
  }

  /** A new object's storage, at its least: one table with one row. */
  async create(id: string, data: string): Promise<void> {
    const { sql } = this.ctx.storage;
    sql.exec("CREATE TABLE session (id TEXT PRIMARY KEY, data TEXT NOT NULL)");
    sql.exec("INSERT INTO session (id, data) VALUES (?, ?)", id, data);
  }

  override async fetch(request: Request): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    const stores = new URL(request.url).searchParams.has("stores");
    if (stores) {
      this.ctx.storage.sql.exec(
        "CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, content TEXT NOT NULL, created_at INTEGER NOT NULL)",
      );
    }
    this.ctx.acceptWebSocket(server, [stores ? "stores" : "forgets"]);
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, text: string): Promise<void> {
    this.#stores ??= this.ctx.getTags(socket).includes("stores");
    if (this.#stores) {
      this.ctx.storage.sql.exec(
        "INSERT INTO messages (content, created_at) VALUES (?, ?)",
        text,
        Date.now(),
      );
    }
    for (const each of this.ctx.getWebSockets()) each.send(text);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close();
  }
}

export default {
  async fetch(request, env) {
    const [, call, name = ""] = new URL(request.url).pathname.split("/");
    const object = env.OBJECTS.getByName(name);
    switch (call) {
      case "constant":
        return Response.json(await object.constant());
      case "create": {
        const body = await request.text();
        await object.create(name, body);
        await insertSession(env.INDEX_DB, name, body);
        return Response.json({ id: name }, { status: 201 });
      }
      case "room":
        return await object.fetch(request);
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<BareEnv>;

async function insertSession(database: D1Database, id: string, data: string): Promise<void> {
  await database
    .prepare(
      `INSERT INTO sessions (id, team_id, user_fingerprint, device_info, location_info, status, last_accessed, expires_at,
         created_at, updated_at, version)
       VALUES (?, 'bench', ?, ?, '{}', 'active', ?, ?, ?, ?, 1)`,
    )
    .bind(id, id, data, CREATED_AT, EXPIRES_AT, CREATED_AT, CREATED_AT)
    .run();
}
