/*
 * <document-list>: the server-rendered list of documents, kept as the server has it.
 *
 * Filters, orders and pages replace the list in place, so that files on their way are not stopped;
 * rows change as the events tell, without moving the focus or the ticks.
 */

import { queryOf } from "../forms/query.js";
import { targetOf } from "../shared/event-target.js";
import { keepFocus } from "../shared/focus.js";
import { getHTML } from "../shared/http.js";
import { pageProblem, reporting } from "../shared/problem.js";
import { actInPlace } from "./actions.js";
import { DocumentEvents } from "./events.js";
import { counted, formatted } from "./numbers.js";
import { focusRow, patchRows } from "./rows.js";

const TYPING_PAUSE_MS = 250;

class DocumentList extends HTMLElement {
  connectedCallback() {
    this.events = new DocumentEvents((listing) => this.update(listing));
    this.announcements = document.getElementById(this.dataset.announce);
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("change", (event) => this.changed(event));
    this.addEventListener("input", (event) => this.typed(event));
    this.addEventListener("reset", () => setTimeout(() => this.ticked()));
    this.addEventListener("submit", (event) => this.submitted(event));
    this.addEventListener("keydown", (event) => this.entered(event));
    actInPlace(() => this.events.restart());
    document.addEventListener("documents-added", () => {
      if (!this.busy) this.events.restart();
    });
    window.addEventListener("popstate", () => this.load(location.href));
    this.ready();
  }

  /** What each new listing needs. */
  ready() {
    this.listing = this.querySelector("[data-listing]");
    for (const button of this.querySelectorAll("[data-no-script]")) button.hidden = true;
    this.busy = false;
    this.ticked();
    this.events.listen(this.listing.dataset.events);
  }

  /** Replace the listing by the one at `url`. */
  async load(url) {
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    this.setAttribute("aria-busy", "true");
    const html = await reporting(pageProblem(), () => getHTML(url, signal));
    if (signal.aborted) return;
    this.removeAttribute("aria-busy");
    if (html === null) return;
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.querySelector("document-list [data-listing]");
    if (!fresh) return location.assign(url);
    this.replace(fresh);
  }

  replace(fresh) {
    const focused = document.activeElement;
    const search = this.querySelector("#documents-search");
    const typing = focused === search;
    const place = focused?.closest?.("[data-swap]")?.textContent.trim();
    const row = focused?.closest("tr")?.sectionRowIndex ?? 0;
    const hadFocus = this.contains(focused);
    const freshSearch = fresh.querySelector("#documents-search");
    this.listing.replaceWith(document.adoptNode(fresh));
    this.ready();
    if (typing && freshSearch) {
      freshSearch.replaceWith(search);
      search.focus();
    } else if (place) {
      const links = [...this.querySelectorAll("a[data-swap]")];
      const same = links.find((link) => link.textContent.trim() === place);
      (same ?? this.querySelector('[aria-current="page"]'))?.focus({ preventScroll: true });
    } else if (hadFocus) {
      const body = this.querySelector("[data-rows]");
      if (body) focusRow(body, row);
      keepFocus();
    }
  }

  go(url) {
    history.pushState(null, "", url);
    return this.load(url);
  }

  clicked(event) {
    /** @type {HTMLAnchorElement} */
    const link = targetOf(event, "a[data-swap]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.go(link.href);
  }

  typed(event) {
    if (event.target.name !== "q") return;
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.filter(event.target.form), TYPING_PAUSE_MS);
  }

  filter(form) {
    const url = `${location.pathname}?${queryOf(form, { filled: true })}`;
    history.replaceState(null, "", url);
    return this.load(url);
  }

  changed(event) {
    const { target } = event;
    if (target.matches("[data-filter] select")) this.filter(target.form);
    if (target.matches("[data-tick-all]")) {
      for (const box of this.boxes()) box.checked = target.checked;
    }
    const matching = this.matching();
    if (target === matching && matching.checked) {
      for (const box of this.boxes()) box.checked = true;
    } else if (matching && !target.checked) matching.checked = false;
    if (target.type === "checkbox") this.ticked();
  }

  boxes() {
    /** @type {NodeListOf<HTMLInputElement>} */
    const boxes = this.querySelectorAll('input[name="document"]');
    return [...boxes];
  }

  /**
   * The box that selects all the documents that match, on whatever page.
   *
   * @returns {HTMLInputElement | null}
   */
  matching() {
    return this.querySelector("[data-match-all]");
  }

  /** Say how many documents are selected. */
  ticked() {
    const boxes = this.boxes();
    const n = boxes.filter((box) => box.checked).length;
    const matching = this.matching();
    const everything = matching?.checked ? Number(matching.dataset.total) : 0;
    /** @type {HTMLInputElement} */
    const all = this.querySelector("[data-tick-all]");
    const text = this.querySelector("[data-selected]");
    if (!all || !text) return;
    all.checked = n > 0 && n === boxes.length;
    all.indeterminate = n > 0 && n < boxes.length;
    text.textContent = counted("selected", everything || n);
    // A question keeps to documents that are named one by one.
    this.querySelector("[data-leaves]").hidden = everything > 0;
  }

  submitted(event) {
    if (!event.target.matches("[data-filter]")) return;
    event.preventDefault();
    this.filter(event.target);
  }

  /** Enter in a field of the selection's form presses the button of that field. */
  entered(event) {
    const action = event.key === "Enter" && event.target.dataset.enters;
    if (!action) return;
    event.preventDefault();
    this.querySelector(`button[value="${action}"]`).click();
  }

  /** Bring the page up to date with an event. */
  update({ ids, rows, counts, page_count: pageCount }) {
    this.busy = counts.running > 0;
    for (const [state, n] of Object.entries(counts)) {
      const count = this.querySelector(`[data-count="${state}"]`);
      if (count) count.textContent = formatted(n);
    }
    const body = this.querySelector("[data-rows]");
    const hadFocus = this.contains(document.activeElement);
    const changes = body && patchRows(body, ids, rows);
    const samePages = pageCount === Number(this.listing.dataset.pageCount);
    if (!changes || !samePages) {
      if (body || ids.length) this.load(location.href);
      return;
    }
    this.announce(changes);
    this.ticked();
    // Without a selection, the buttons for it are hidden.
    if (hadFocus) keepFocus(body.querySelector("[data-open]"));
  }

  announce({ ready, failed }) {
    const parts = [];
    if (ready.length) parts.push(counted("becameReady", ready.length, { name: ready[0] }));
    if (failed.length) parts.push(counted("becameFailed", failed.length, { name: failed[0] }));
    if (parts.length) this.announcements.textContent = parts.join(" · ");
  }
}

customElements.define("document-list", DocumentList);
