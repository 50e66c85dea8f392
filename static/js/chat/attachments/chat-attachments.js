/*
 * <chat-attachments>: the files of a conversation, added by a button, a drop or a paste.
 *
 * They are sent one after the other, as the first one begins the conversation; then the server reads
 * them. A question waits until they are read (`whenRead`).
 */
import { onFilesDropped } from "../../documents/drop.js";
import { fromInput, refusal } from "../../documents/files.js";
import { percentage } from "../../documents/numbers.js";
import { targetOf } from "../../shared/event-target.js";
import { getJSON, postJSON, RequestError } from "../../shared/http.js";
import { t } from "../../shared/strings.js";
import { toast } from "../../shared/toast.js";
import { sendFile } from "./sending.js";

const POLL_MS = 1500;

export class ChatAttachments extends HTMLElement {
  connectedCallback() {
    this.chips = this.querySelector("[data-files]");
    this.only = /** @type {HTMLInputElement} */ (this.querySelector("[data-only] input"));
    this.status = this.querySelector("[data-attached]");
    this.waiting = this.querySelector("[data-waiting]");
    /** Files that the server does not have yet, or has refused. */
    this.local = [];
    this.added = 0;
    const shown = this.querySelector("script[type='application/json']");
    this.listing = JSON.parse(shown.textContent);
    const input = /** @type {HTMLInputElement} */ (this.querySelector("input[type=file]"));
    this.parentElement
      .querySelector("[data-attach]")
      .addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.add(fromInput(input).map(({ file }) => file));
      input.value = "";
    });
    this.chips.addEventListener("click", (event) => {
      const button = targetOf(event, "[data-remove]");
      if (button) this.remove(button.dataset.remove);
    });
    this.querySelector("[data-now]").addEventListener("click", () => this.endWait(true));
    this.listenToDrops();
    this.draw();
    this.poll();
  }

  /** Drop on the page: an editor chooses between the conversation and the documents. */
  listenToDrops() {
    const veil = this.querySelector("[data-veil]");
    onFilesDropped(veil, (found, target) => {
      const files = found.map(({ file }) => file);
      if (!files.length) toast(t("noFile"));
      else if (target.closest?.("[data-to-documents]")) this.addToDocuments(found);
      else this.add(files);
    });
  }

  addToDocuments(found) {
    const uploads = /** @type {any} */ (document.querySelector("document-uploads"));
    uploads.add(found);
  }

  get conversation() {
    return this.closest("chat-app")?.dataset.conversation ?? "";
  }

  get files() {
    return this.listing.attachments;
  }

  get isPending() {
    const isSent = this.local.every(({ error }) => error);
    return !isSent || this.files.some(({ state }) => state === "reading");
  }

  /** The names of the files to which the question keeps; none unless that is chosen. */
  get chosen() {
    return this.only.checked && this.files.length ? this.files.map(({ name }) => name) : [];
  }

  add(files) {
    for (const file of files) {
      const error = refusal(file, Number(this.dataset.maxBytes), this.dataset.limit);
      this.added += 1;
      this.local.push({
        // crypto.randomUUID() is missing on plain http.
        id: `local-${this.added}`,
        file,
        name: file.name,
        share: 0,
        error,
        controller: new AbortController(),
      });
    }
    this.draw();
    this.next();
  }

  /** Remove a file that was just added, whether or not the server has it. */
  takeBack(file) {
    const item = this.local.find((one) => one.file === file);
    const stored = this.files.findLast(({ name }) => name === file.name);
    if (item || stored) this.remove((item ?? stored).id);
  }

  async next() {
    const item = this.local.find(({ error }) => !error);
    if (this.sending || !item) return;
    this.sending = item;
    try {
      const listing = await sendFile({
        url: this.dataset.url,
        file: item.file,
        conversation: this.conversation,
        temporary: this.closest("chat-app").hasAttribute("data-temporary"),
        signal: item.controller.signal,
        onProgress: (share) => {
          item.share = share;
          this.draw();
        },
      });
      this.local = this.local.filter((one) => one !== item);
      this.show(listing);
      this.emit("attached", listing);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (item.controller.signal.aborted) return;
      item.error = error.message || t(error.status === 401 ? "loggedOut" : "notSent");
      this.status.textContent = `${item.name}: ${item.error}`;
      this.draw();
    } finally {
      this.sending = null;
      this.next();
    }
  }

  async remove(id) {
    const item = this.local.find((one) => one.id === id);
    if (item) {
      this.local = this.local.filter((one) => one !== item);
      item.controller.abort();
      this.draw();
    } else {
      const { remove_url: url } = this.files.find((one) => one.id === id);
      try {
        this.show(await postJSON(url));
      } catch (error) {
        this.emit("server-asked", { error });
        return;
      }
    }
    this.emit("attachment-removed");
  }

  /** Ask for the states until nothing is being read. */
  async poll() {
    clearTimeout(this.timer);
    if (!this.files.some(({ state }) => state === "reading")) return;
    this.timer = setTimeout(async () => {
      try {
        this.show(await getJSON(this.listing.list_url));
      } catch {
        this.poll();
      }
    }, POLL_MS);
  }

  show(listing) {
    const before = new Map(this.files.map(({ id, state }) => [id, state]));
    this.listing = listing;
    for (const { id, name, state, note } of this.files) {
      if (before.get(id) === state || state === "reading") continue;
      this.status.textContent =
        state === "ready" ? t("attachmentReady", { name }) : `${name}: ${note}`;
    }
    this.draw();
    this.poll();
  }

  /** Resolves to whether the question may be sent: at once if nothing is being read. */
  whenRead() {
    if (!this.isPending) return Promise.resolve(true);
    this.waiting.hidden = false;
    return new Promise((resolve) => {
      this.resolveWait = resolve;
    });
  }

  /** End the wait of a question, which is sent or not; returns whether there was one. */
  endWait(isSent) {
    const resolve = this.resolveWait;
    this.resolveWait = null;
    this.waiting.hidden = true;
    resolve?.(isSent);
    return Boolean(resolve);
  }

  draw() {
    const sending = this.local.map(({ id, name, share, error }) => ({
      id,
      name,
      state: error ? "failed" : "sending",
      note: error || t("sending", { percent: percentage(Math.floor(100 * share)) }),
    }));
    const all = [...this.files, ...sending];
    this.chips.hidden = !all.length;
    const focused = this.chips.contains(document.activeElement)
      ? document.activeElement.dataset.remove
      : "";
    this.chips.replaceChildren(...all.map((one) => this.chip(one)));
    if (focused) this.chips.querySelector(`[data-remove="${focused}"]`)?.focus();
    this.querySelector("[data-only]").hidden = !this.files.length;
    if (!this.files.length) this.only.checked = false;
    if (this.resolveWait && !this.isPending) this.endWait(true);
  }

  chip({ id, name, state, note, url }) {
    const template = /** @type {HTMLTemplateElement} */ (this.querySelector("template"));
    const chip = document.importNode(template.content, true).querySelector("li");
    chip.classList.add(`attachment-${state}`);
    const link = chip.querySelector("a");
    link.textContent = name;
    if (url && state === "ready") link.href = url;
    chip.querySelector("[data-note]").textContent = note;
    const button = chip.querySelector("button");
    button.dataset.remove = id;
    button.setAttribute("aria-label", t("removeAttachment", { name }));
    return chip;
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

customElements.define("chat-attachments", ChatAttachments);
