/*
 * <document-viewer>: turns the pages of a document in place, the drawn PDF page kept.
 * <document-waiting>: the state of a document that is not ready, until it is.
 */
import "./documents-delete.js";
import { DocumentEvents } from "./documents-events.js";
import { getHTML } from "./http.js";

class DocumentViewer extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("pdf-page")) import("./pdf-page.js");
    this.status = document.getElementById("viewer-status");
    this.first = this.part("bar").dataset.number;
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("submit", (event) => this.submitted(event));
    document.addEventListener("keydown", (event) => this.pressed(event));
    window.addEventListener("popstate", () => this.turn(new URLSearchParams(location.search)));
    this.showChosen();
  }

  part(name) {
    return this.querySelector(`[data-part="${name}"]`);
  }

  clicked(event) {
    const link = event.target.closest("a[data-turn]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.go(new URL(link.href).searchParams);
  }

  submitted(event) {
    event.preventDefault();
    this.go(new URLSearchParams(new FormData(event.target)));
  }

  pressed(event) {
    const { target, key } = event;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (target !== document.body && target.id !== "main" && target !== this.part("page")) return;
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
    try {
      this.replace(await getHTML(`${url}?${params}`, this.loading.signal));
    } catch (error) {
      if (error.name !== "AbortError") location.assign(`?${params}`);
    }
  }

  replace(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const focus = this.focusPath();
    for (const part of ["bar", "page", "side"]) {
      const next = fresh.querySelector(`[data-part="${part}"]`);
      const drawn = this.part(part).querySelector("pdf-page");
      if (drawn) {
        const wanted = next.querySelector("pdf-page");
        for (const name of ["highlight", "page"]) drawn.setAttribute(name, wanted.getAttribute(name));
        this.part(part).setAttribute("aria-label", next.getAttribute("aria-label"));
      } else {
        this.part(part).replaceWith(document.adoptNode(next));
      }
    }
    if (focus) (this.querySelector(focus) ?? this.part("page")).focus({ preventScroll: true });
    this.status.textContent = this.part("bar").dataset.place;
    this.part("page").scrollTop = 0;
    this.showChosen();
  }

  /** A selector of what has the focus, to find it again in the new page. */
  focusPath() {
    const focused = document.activeElement;
    if (!this.contains(focused)) return "";
    if (focused.rel) return `a[rel="${focused.rel}"]`;
    if (focused.name) return `[data-part="bar"] input[name="${focused.name}"]:not([type="hidden"])`;
    const href = focused.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : `[data-part="${focused.dataset.part}"]`;
  }

  showChosen() {
    this.querySelector(".viewer-text mark")?.scrollIntoView({ block: "center" });
    this.querySelector('.passage[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
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
    const fresh = this.row.content.querySelector('[data-cell="state"]');
    const before = this.querySelector("[data-state]");
    if (fresh && before.innerHTML !== fresh.innerHTML) before.replaceChildren(...fresh.childNodes);
  }
}

customElements.define("document-viewer", DocumentViewer);
customElements.define("document-waiting", DocumentWaiting);
