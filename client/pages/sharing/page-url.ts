/** Where a link is to lead: this page, for this team. */
export function pageUrl(): string {
  return location.origin + location.pathname + location.search;
}
