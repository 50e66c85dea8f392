/* A line that says why the server could not be asked, and what to do, until it can be. */

/**
 * Show in `notice` (includes/problem.html) what went wrong with a request.
 *
 * @param {HTMLElement} notice
 * @param {import("./http.js").RequestError} error
 */
export function showProblem(notice, { status, message }) {
  const when = { 0: "offline", 401: "logged-out" }[status] ?? (message ? "explained" : "refused");
  for (const line of notice.querySelectorAll("[data-when]")) {
    line.hidden = line.dataset.when !== when;
  }
  notice.querySelector('[data-when="explained"]').textContent = message;
  /** @type {HTMLAnchorElement} */
  const login = notice.querySelector("a");
  login.search = String(new URLSearchParams({ next: location.pathname }));
  notice.hidden = false;
}
