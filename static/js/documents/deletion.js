/* Deleting asks first, in a dialog that the server fills with what would be lost. */
import { targetOf } from "../shared/event-target.js";
import { send } from "../shared/http.js";
import { pageProblem, reporting } from "../shared/problem.js";

/** Show the confirmation that `request` answers with. */
export async function confirmDeletion(request) {
  /** @type {HTMLDialogElement} */
  const dialog = document.getElementById("delete-dialog");
  const html = await reporting(pageProblem(), async () => (await send(request)).text());
  if (html === null) return;
  dialog.innerHTML = html;
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement} */
  const link = targetOf(event, "a[data-delete]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  confirmDeletion(new Request(link.href, { headers: { "X-Fragment": "dialog" } }));
});
