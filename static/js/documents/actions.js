/*
 * What is done to documents from their list, without leaving the page: retry, cancel, delete.
 * The change itself arrives as an event, as it does for what others do.
 */

import { keepFocus } from "../shared/focus.js";
import { csrfToken, send } from "../shared/http.js";
import { pageProblem, reporting } from "../shared/problem.js";
import { toast } from "../shared/toast.js";
import { confirmDeletion } from "./deletion.js";

/** Send the list's forms in place; `onDone` is called after each that the server has done. */
export function actInPlace(onDone) {
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if (!(form instanceof HTMLFormElement)) return;
    const deletes = form.matches("[data-delete-form]");
    if (form.id !== "document-actions" && !deletes) return;
    if (submitter?.matches("[data-leaves]")) return;
    event.preventDefault();
    const body = new FormData(form, submitter);
    body.set("csrfmiddlewaretoken", csrfToken());
    // Not form.action: the buttons named "action" stand before it.
    const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
    if (!deletes && body.get("action") === "delete") {
      const headers = { "X-Fragment": "dialog" };
      confirmDeletion(new Request(url, { method: "POST", body, headers }));
      return;
    }
    // The dialog and the selection stay until it is done.
    const notice = form.querySelector("[data-problem]") ?? pageProblem();
    const headers = { Accept: "application/json" };
    const answer = await reporting(notice, async () => {
      const response = await send(url, { method: "POST", body, headers });
      return response.json();
    });
    if (!answer) return;
    if (answer.message) toast(answer.message);
    form.closest("dialog")?.close();
    if (body.has("action")) {
      // It hides the buttons of the selection.
      form.reset();
      keepFocus(document.querySelector("[data-tick-all]"));
    }
    onDone();
  });
}
