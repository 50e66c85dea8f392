/*
 * What is done to documents from their list, without leaving the page: retry, cancel, delete.
 * The change itself arrives as an event, as it does for what others do.
 */

import { keepFocus } from "../shared/focus.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";
import { confirmDeletion } from "./deletion.js";

/** Send the list's forms in place; `onDone` is called after each. */
export function actInPlace(onDone) {
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (!(form instanceof HTMLFormElement)) return;
    const deletes = form.matches("[data-delete-form]");
    if (form.id !== "document-actions" && !deletes) return;
    if (submitter?.matches("[data-leaves]")) return;
    event.preventDefault();
    const body = new FormData(form, submitter);
    // Not form.action: the buttons named "action" stand before it.
    const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    if (!deletes && body.get("action") === "delete") {
      const headers = { "X-Fragment": "dialog" };
      confirmDeletion(new Request(url, { method: "POST", body, headers }));
      return;
    }
    await send(url, body);
    form.closest("dialog")?.close();
    if (body.has("action")) {
      // It hides the buttons of the selection.
      form.reset();
      keepFocus(document.querySelector("[data-tick-all]"));
    }
    onDone();
  });
}

async function send(url, body) {
  const headers = { Accept: "application/json" };
  const response = await fetch(url, { method: "POST", body, headers }).catch(() => null);
  const answer = response?.ok ? await response.json().catch(() => null) : null;
  if (!answer) toast(t("actionFailed"));
  else if (answer.message) toast(answer.message);
}
