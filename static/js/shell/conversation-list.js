/* <conversation-list>: one's conversations by day; renamed and deleted in place. */
import { targetOf } from "../shared/event-target.js";
import { getHTML, postJSON } from "../shared/http.js";
import { toast } from "../shared/toast.js";

export class ConversationList extends HTMLElement {
  /** @type {HTMLDialogElement} */
  renaming;
  /** @type {HTMLDialogElement} */
  deleting;

  connectedCallback() {
    this.renaming = document.getElementById("conversation-dialog");
    this.deleting = document.getElementById("conversation-delete-dialog");
    this.addEventListener("click", (event) => {
      const more = targetOf(event, "[data-conversation-menu]");
      if (more) this.open(more);
      const older = targetOf(event, "[data-limit]");
      if (older) this.showOlder(older.dataset.limit);
    });
    this.renaming.addEventListener("submit", (event) => this.rename(event));
    this.deleting.addEventListener("submit", (event) => this.delete(event));
    this.markCurrent();
  }

  markCurrent() {
    for (const link of this.querySelectorAll("a")) {
      if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** Fetch the list again: a conversation came, changed or went. The focus stays on its item. */
  async refresh() {
    const html = await getHTML(
      this.limit ? `${this.dataset.url}?limit=${this.limit}` : this.dataset.url,
    );
    const focused = this.contains(document.activeElement) ? document.activeElement : null;
    const { id } = focused?.closest("[data-id]")?.dataset ?? {};
    this.innerHTML = html;
    this.markCurrent();
    if (id) this.item(id)?.querySelector(focused.localName)?.focus();
  }

  /** Lengthen the list, and lead to the first conversation that is new in it. */
  async showOlder(limit) {
    const shown = this.querySelectorAll("[data-id]").length;
    this.limit = limit;
    await this.refresh();
    this.querySelectorAll("[data-id]").item(shown)?.querySelector("a").focus();
  }

  /** The list's item of the conversation with this id. */
  item(id) {
    return this.querySelector(`[data-id="${id}"]`);
  }

  open(more) {
    this.chosen = more.dataset;
    this.id = more.closest("[data-id]").dataset.id;
    this.link = more.previousElementSibling;
    this.isShown = this.link.pathname === location.pathname;
    this.renaming.querySelector("input").value = this.chosen.title;
    for (const error of document.querySelectorAll("dialog [data-error]")) error.hidden = true;
    this.renaming.showModal();
  }

  async rename(event) {
    event.preventDefault();
    const title = this.renaming.querySelector("input").value.trim();
    if (!(await this.post(this.renaming, this.chosen.renameUrl, { title }))) return;
    if (this.isShown) document.querySelector("[data-conversation-title]").textContent = title;
    await this.refresh();
    toast(this.renaming.dataset.renamed);
  }

  async delete(event) {
    event.preventDefault();
    if (!(await this.post(this.deleting, this.chosen.deleteUrl))) return;
    this.renaming.close();
    if (this.isShown) {
      location.assign(this.dataset.newUrl);
      return;
    }
    const items = [...this.querySelectorAll("[data-id]")];
    const place = items.indexOf(this.item(this.id));
    await this.refresh();
    const next = [...this.querySelectorAll("[data-id]")].slice(0, place + 1).at(-1);
    (next?.querySelector("a") ?? document.querySelector(".sidebar-link")).focus();
    toast(this.deleting.dataset.deleted);
  }

  async post(dialog, url, data) {
    try {
      await postJSON(url, data);
    } catch {
      dialog.querySelector("[data-error]").hidden = false;
      return false;
    }
    dialog.close();
    return true;
  }
}

customElements.define("conversation-list", ConversationList);
