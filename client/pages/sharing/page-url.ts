/** Where a link is to lead: to the chat's own page for this team, also from a frame, which is nowhere without its host. */
export function pageUrl(): string {
  const teamId = new URLSearchParams(location.search).get("team");
  const query = teamId === null ? "" : `?${new URLSearchParams({ team: teamId })}`;
  return `${location.origin}/${query}`;
}
