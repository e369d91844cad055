import { render } from "solid-js/web";
import "../styles/theme.css";
import "../styles/page.css";
import "../styles/header.css";
import "../styles/log.css";
import "../styles/markdown.css";
import "../styles/files.css";
import "../styles/composer.css";
import "../styles/notice.css";
import "../styles/dialog.css";
import "../styles/dashboard.css";
import { DashboardPage } from "./dashboard-page.tsx";

const root = document.querySelector("#dashboard");
if (root) {
  render(() => <DashboardPage />, root);
}
