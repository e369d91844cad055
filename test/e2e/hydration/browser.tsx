import { hydrate } from "solid-js/web";
import { Page } from "./page.tsx";

const root = document.querySelector("#root");
if (root) {
  hydrate(() => <Page baseUrl={document.body.dataset.api ?? ""} />, root);
}
