/*
 * <document-viewer>: turns the pages of a document in place, the drawn PDF page kept.
 * <document-waiting>: the state of a document that is not ready, until it is.
 */
import { targetOf } from "../shared/event-target.js";
import "./deletion.js";
import { queryOf } from "../forms/query.js";
import { getHTML } from "../shared/http.js";
import { pageProblem, showProblem } from "../shared/problem.js";
import { DocumentEvents } from "./events.js";

class DocumentViewer extends HTMLElement {
  connectedCallback() {
    this.pdf = this.querySelector("pdf-page");
    if (this.pdf) import("../pdf/pdf-page.js").catch(() => this.showAs("text"));
    this.addEventListener("pdf-error", () => this.showAs("text"));
    this.tools();
    this.status = document.getElementById("viewer-status");
    this.first = this.section("bar").dataset.number;
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("submit", (event) => this.submitted(event));
    document.addEventListener("keydown", (event) => this.pressed(event));
    window.addEventListener("popstate", () => this.turn(new URLSearchParams(location.search)));
    this.showChosen();
  }

  section(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  /** Give the buttons of a drawn page the state they had before the page was turned. */
  tools() {
    const tools = this.querySelector("[data-tools]");
    if (!tools) return;
    tools.hidden = false;
    const asText = this.section("page").dataset.view === "text";
    tools.querySelector("[data-as-text]").setAttribute("aria-pressed", String(asText));
    for (const button of tools.querySelectorAll("[data-zoom]")) button.hidden = asText;
  }

  showAs(view) {
    this.section("page").dataset.view = view;
    this.tools();
  }

  zoom(factor) {
    const zoom = this.pdf.shownZoom * factor;
    this.pdf.setAttribute("zoom", String(Math.min(4, Math.max(0.5, zoom))));
  }

  clicked(event) {
    const tool = targetOf(event, "[data-zoom], [data-as-text]");
    if (tool?.dataset.zoom) return this.zoom(Number(tool.dataset.zoom));
    if (tool) return this.showAs(this.section("page").dataset.view === "text" ? "drawn" : "text");
    /** @type {HTMLAnchorElement} */
    const link = targetOf(event, "a[data-turn]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.go(new URL(link.href).searchParams);
  }

  submitted(event) {
    event.preventDefault();
    this.go(queryOf(event.target));
  }

  pressed(event) {
    const { target, key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target !== document.body && target.id !== "main" && target !== this.section("page")) return;
    const direction = { ArrowLeft: "prev", ArrowRight: "next" }[key];
    if (direction) this.querySelector(`a[rel="${direction}"]`)?.click();
  }

  go(params) {
    history.pushState(null, "", `?${params}`);
    return this.turn(params);
  }

  /** Show the page that `params` names. */
  async turn(params) {
    const number = params.get("page") || this.first;
    const url = this.dataset.pages.replace(/\/0\/$/, `/${Number(number) || 1}/`);
    this.loading?.abort();
    this.loading = new AbortController();
    const { signal } = this.loading;
    try {
      this.replace(await getHTML(`${url}?${params}`, signal));
      pageProblem().hidden = true;
    } catch (error) {
      if (signal.aborted) return;
      // Online, the page itself says what is wrong.
      if (error.status === 0) showProblem(pageProblem(), error);
      else location.assign(`?${params}`);
    }
  }

  replace(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focus = this.focusPath();
    const wanted = fresh.querySelector("pdf-page");
    for (const name of ["label", "highlight", "words", "src"]) {
      this.pdf?.setAttribute(name, wanted.getAttribute(name));
    }
    const start = fresh.querySelector("recording-player")?.getAttribute("start");
    if (start) this.querySelector("recording-player")?.setAttribute("start", start);
    for (const name of ["bar", "text", "side"]) {
      const part = fresh.querySelector(`[data-part="${name}"]`);
      this.section(name).replaceWith(document.adoptNode(part));
    }
    const label = this.section("bar").dataset.place;
    this.section("page").setAttribute("aria-label", label);
    this.tools();
    if (focus) (this.querySelector(focus) ?? this.section("page")).focus({ preventScroll: true });
    this.status.textContent = label;
    this.section("page").scrollTop = 0;
    this.showChosen();
  }

  /** A selector of what has the focus, to find it again in the new page. */
  focusPath() {
    /** @type {HTMLElement & { name?: string; rel?: string }} */
    const focused = document.activeElement;
    if (!this.contains(focused)) return "";
    if (focused.rel) return `a[rel="${focused.rel}"]`;
    if (focused.name) return `[data-part="bar"] input[name="${focused.name}"]:not([type="hidden"])`;
    const href = focused.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : `[data-part="${focused.dataset.part}"]`;
  }

  showChosen() {
    this.querySelector(".viewer-text mark")?.scrollIntoView({ block: "center" });
    this.querySelector('.viewer-passage[aria-current="true"]')?.scrollIntoView({
      block: "nearest",
    });
  }
}

class DocumentWaiting extends HTMLElement {
  connectedCallback() {
    this.row = document.createElement("template");
    this.events = new DocumentEvents(({ rows, counts }) => this.update(rows, counts));
    this.events.listen(this.dataset.events);
  }

  update(rows, counts) {
    if (counts.ready) return location.reload();
    const [html] = Object.values(rows);
    if (!html) return;
    this.row.innerHTML = html.trim();
    const fresh = this.row.content.querySelector("tr");
    if (fresh.dataset.version === this.dataset.version) return;
    this.dataset.version = fresh.dataset.version;
    const state = fresh.querySelector('[data-cell="state"]');
    this.querySelector("[data-state]").replaceChildren(...state.childNodes);
  }
}

// A new version, or the file in place of one that failed.
document.addEventListener("documents-added", ({ detail }) => {
  if (detail.replaces) location.assign(detail.url);
});

customElements.define("document-viewer", DocumentViewer);
customElements.define("document-waiting", DocumentWaiting);
