// The composition root: requests go to the routes of src/routes/table.ts, other Workers to SessionService, sockets and
// session state to the objects; everything else is the page.
import { cleanUpOnSchedule, resumeEvents } from "./cron.ts";
import { backUp } from "./operations/backup/export.ts";
import { createApi } from "./routes/router.ts";
import { ROUTES } from "./routes/table.ts";
import { WIDGET_PATH, widgetPage } from "./routes/widget.ts";

export { LimiterObject } from "../objects/limiter.ts";
export { MonitorObject } from "../objects/monitor.ts";
export { SessionObject } from "../objects/session.ts";
export { triggerManualCleanup } from "./cron.ts";
export { SessionService } from "./session-service.ts";

const api = createApi(ROUTES);

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/")) return await api.fetch(request, env);
    if (pathname === WIDGET_PATH) return await widgetPage(request, env);
    return await env.ASSETS.fetch(request);
  },
  async scheduled(controller, env) {
    await cleanUpOnSchedule(env, controller.scheduledTime);
    await resumeEvents(env);
    await backUp(env, controller.scheduledTime);
  },
} satisfies ExportedHandler<Env>;
