/* A line that says why the server could not be asked, and what to do, until it can be. */
import { RequestError } from "./http.js";

/** The line of the whole page (base_instance.html), for what has none of its own. */
export function pageProblem() {
  return document.querySelector("#page-problem > [data-problem]");
}

/**
 * Show in `notice` (includes/problem.html) what went wrong with a request; with `apart`, its link
 * opens a new tab, so that what is on the page is not lost.
 *
 * @param {HTMLElement} notice
 * @param {Pick<RequestError, "status" | "message">} error
 * @param {{ apart?: boolean }} [options]
 */
export function showProblem(notice, { status, message }, { apart = false } = {}) {
  const when = { 0: "offline", 401: "logged-out" }[status] ?? (message ? "explained" : "refused");
  for (const line of notice.querySelectorAll("[data-when]")) {
    line.hidden = line.dataset.when !== when;
  }
  notice.querySelector('[data-when="explained"]').textContent = message;
  /** @type {HTMLAnchorElement} */
  const login = notice.querySelector("a");
  login.search = String(new URLSearchParams({ next: location.pathname + location.search }));
  login.target = apart ? "_blank" : "";
  notice.hidden = false;
}

/**
 * Ask the server by `request`; `notice` says why it failed, until a request succeeds.
 *
 * @template T
 * @param {HTMLElement} notice
 * @param {() => Promise<T>} request
 * @returns {Promise<T | null>} what `request` returned, null when it failed
 */
export async function reporting(notice, request) {
  let result;
  try {
    result = await request();
  } catch (error) {
    // Another request took its place.
    if (error.name === "AbortError") return null;
    if (!(error instanceof RequestError)) throw error;
    showProblem(notice, error);
    return null;
  }
  notice.hidden = true;
  return result;
}
