import { generateHydrationScript, renderToString } from "solid-js/web";
import { Page } from "./page.tsx";

export function render(team: { readonly origin: string; readonly teamId: string }): {
  readonly head: string;
  readonly body: string;
} {
  return {
    head: generateHydrationScript(),
    body: renderToString(() => <Page baseUrl={team.origin} teamId={team.teamId} />),
  };
}
