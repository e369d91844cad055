import { generateHydrationScript, renderToString } from "solid-js/web";
import { Page } from "./page.tsx";

export function render(baseUrl: string): { readonly head: string; readonly body: string } {
  return {
    head: generateHydrationScript(),
    body: renderToString(() => <Page baseUrl={baseUrl} />),
  };
}
