/* Deleting asks first, in a dialog that the server fills with what would be lost. */
import { targetOf } from "../shared/event-target.js";
import { RequestError } from "../shared/http.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";

/** Show the confirmation that `request` answers with. */
export async function confirmDeletion(request) {
  /** @type {HTMLDialogElement} */
  const dialog = document.getElementById("delete-dialog");
  try {
    const response = await fetch(request);
    if (!response.ok) throw new RequestError(response.status, "", "");
    dialog.innerHTML = await response.text();
    dialog.showModal();
  } catch {
    toast(t("actionFailed"));
  }
}

document.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement} */
  const link = targetOf(event, "a[data-delete]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  confirmDeletion(new Request(link.href, { headers: { "X-Fragment": "dialog" } }));
});
