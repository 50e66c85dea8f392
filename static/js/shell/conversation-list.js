/* <conversation-list>: one's conversations by day; pinned, archived, renamed and deleted in place. */
import { targetOf } from "../shared/event-target.js";
import { getHTML, postJSON } from "../shared/http.js";
import { reporting, showProblem } from "../shared/problem.js";
import { toast } from "../shared/toast.js";

export class ConversationList extends HTMLElement {
  /** @type {HTMLDialogElement} */
  renaming;
  /** @type {HTMLDialogElement} */
  deleting;

  connectedCallback() {
    this.list = this.querySelector("[data-list]");
    this.problem = this.querySelector("[data-problem]");
    this.renaming = document.getElementById("conversation-rename-dialog");
    this.deleting = document.getElementById("conversation-delete-dialog");
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("submit", (event) => this.organise(event));
    this.renaming.addEventListener("submit", (event) => this.rename(event));
    this.deleting.addEventListener("submit", (event) => this.delete(event));
    this.markCurrent();
  }

  clicked(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const older = targetOf(event, "[data-limit]");
    /** @type {HTMLAnchorElement} */
    const action = targetOf(event, "a[data-dialog]");
    if (older || action) event.preventDefault();
    if (older) this.showOlder(older.dataset.limit);
    if (action) this.open(action);
  }

  markCurrent() {
    /** @type {NodeListOf<HTMLAnchorElement>} */
    const links = this.querySelectorAll("a.conversation-link");
    for (const link of links) {
      if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Fetch the list again: a conversation came, changed or went. The focus stays on its item. */
  async refresh() {
    let html;
    try {
      html = await getHTML(
        this.limit ? `${this.dataset.url}?limit=${this.limit}` : this.dataset.url,
      );
    } catch (error) {
      showProblem(this.problem, error);
      return;
    }
    this.problem.hidden = true;
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    const { id } = focused?.closest("[data-id]")?.dataset ?? {};
    this.list.innerHTML = html;
    this.markCurrent();
    if (id) this.item(id)?.querySelector(focused.localName)?.focus();
  }

  /** Lengthen the list, and lead to the first conversation that is new in it. */
  async showOlder(limit) {
    const shown = this.items().length;
    this.limit = limit;
    await this.refresh();
    this.items()[shown]?.querySelector("a").focus();
  }

  items() {
    return [...this.list.querySelectorAll("[data-id]")];
  }

  /** The list's item of the conversation with this id. */
  item(id) {
    return this.list.querySelector(`[data-id="${id}"]`);
  }

  /** Open the dialog that a menu item names, on its conversation. */
  open(action) {
    const item = action.closest("[data-id]");
    this.id = item.dataset.id;
    this.url = action.href;
    const link = item.querySelector("a.conversation-link");
    this.isShown = link.pathname === location.pathname;
    const { title } = item.dataset;
    this.renaming.querySelector("input").value = title;
    this.deleting.querySelector("[data-title]").textContent = title;
    /** @type {HTMLDialogElement} */
    const dialog = document.getElementById(action.dataset.dialog);
    dialog.querySelector("[data-problem]").hidden = true;
    dialog.showModal();
  }

  async rename(event) {
    event.preventDefault();
    const title = this.renaming.querySelector("input").value.trim();
    if (!(await this.post(this.renaming, { title }))) return;
    if (this.isShown) document.querySelector("[data-conversation-title]").textContent = title;
    await this.refresh();
    toast(this.renaming.dataset.renamed);
  }

  async delete(event) {
    event.preventDefault();
    if (!(await this.post(this.deleting))) return;
    if (this.isShown) {
      location.assign(this.dataset.newUrl);
      return;
    }
    await this.refreshWithout(this.item(this.id));
    toast(this.deleting.dataset.deleted);
  }

  /** Fetch the list again, in which an item may have gone or moved; the focus stays near it. */
  async refreshWithout(item) {
    const { id } = item.dataset;
    const place = this.items().indexOf(item);
    await this.refresh();
    const neighbour = this.items()
      .slice(0, place + 1)
      .at(-1);
    const next = this.item(id) ?? neighbour;
    (next?.querySelector("a") ?? document.querySelector(".sidebar-link")).focus();
  }

  /** Pin or archive a conversation from its menu; the page of the one shown says it itself. */
  async organise(event) {
    const form = event.target;
    const item = form.closest("[data-id]");
    const { pathname } = item.querySelector("a.conversation-link");
    if (pathname === location.pathname || "leaves" in event.submitter.dataset) return;
    event.preventDefault();
    const data = { action: event.submitter.value, conversation: [item.dataset.id] };
    const done = await reporting(this.problem, () => postJSON(form.getAttribute("action"), data));
    if (!done) return;
    await this.refreshWithout(item);
    const { undo, undoUrl } = this.dataset;
    toast(done.message, { label: undo, act: () => this.undo(undoUrl) });
  }

  async undo(url) {
    const done = await reporting(this.problem, () => postJSON(url));
    if (!done) return;
    await this.refresh();
    toast(done.message);
  }

  /** Send what `dialog` asks about, and close it; returns whether the server has done it. */
  async post(dialog, data) {
    try {
      await postJSON(this.url, data);
    } catch (error) {
      showProblem(dialog.querySelector("[data-problem]"), error);
      return false;
    }
    dialog.close();
    return true;
  }
}

customElements.define("conversation-list", ConversationList);
