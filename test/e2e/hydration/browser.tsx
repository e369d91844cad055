import { hydrate } from "solid-js/web";
import { Page } from "./page.tsx";

const root = document.querySelector("#root");
if (root) {
  const { api = "", team = "" } = document.body.dataset;
  hydrate(() => <Page baseUrl={api} teamId={team} />, root);
}
