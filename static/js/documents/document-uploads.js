/*
 * <document-uploads>: files picked or dropped anywhere on the page, sent three at a time.
 *
 * The panel lists what is on its way and what needs somebody's attention; what arrived is in the
 * list of documents, which is told by "documents-added".
 */
import { targetOf } from "../shared/event-target.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";
import { onFilesDropped } from "./drop.js";
import { fromInput, refusal } from "./files.js";
import { counted, formatted, percentage } from "./numbers.js";
import { transfer } from "./transfer.js";
import { UploadItem } from "./upload-item.js";

const PARALLEL = 3;
const LISTED_PROBLEMS = 100;
const CLOSES_AFTER_MS = 5000;
const OVER = new Set(["sent", "duplicate", "failed"]);

class DocumentUploads extends HTMLElement {
  connectedCallback() {
    this.items = [];
    this.panel = this.querySelector("[data-panel]");
    this.list = this.querySelector("[data-items]");
    this.template = this.querySelector("template[data-item]");
    this.querySelector("[data-stop-all]").addEventListener("click", () => this.stopAll());
    this.querySelector("[data-retry-all]").addEventListener("click", () => this.retryAll());
    this.querySelector("[data-clear]").addEventListener("click", () => this.clear());
    this.listenToPickers();
    onFilesDropped(this.querySelector("[data-veil]"), (found) => {
      if (found.length) this.add(found);
      else toast(t("noFile"));
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.pending().length) event.preventDefault();
    });
  }

  listenToPickers() {
    document.addEventListener("click", (event) => {
      const button = targetOf(event, "[data-pick]");
      if (!button) return;
      this.replaces = button.dataset.replaces ?? "";
      this.querySelector(`[data-input="${button.dataset.pick}"]`).click();
    });
    /** @type {NodeListOf<HTMLInputElement>} */
    const inputs = this.querySelectorAll("[data-input]");
    for (const input of inputs) {
      const take = () => {
        this.add(fromInput(input), this.replaces);
        input.value = "";
      };
      input.addEventListener("change", take);
      // Files may have been picked before this script was there.
      if (input.files.length) take();
    }
  }

  /** Send what was found; the one file of a replacement with the document that it replaces. */
  add(found, replaces = "") {
    if (!found.length) return;
    if (!this.pending().length) this.clear();
    const sensitivity = chosenSensitivity();
    const start = { replaces, sensitivity, password: "", state: "waiting", sent: 0, code: "" };
    for (const { file, folder } of found) {
      const item = { file, folder, ...start, note: "", again: false };
      const reason = refusal(file, Number(this.dataset.maxBytes), this.dataset.limit);
      if (reason) Object.assign(item, { state: "failed", note: reason });
      this.items.push(item);
      if (reason) this.show(item);
    }
    this.panel.hidden = false;
    this.next();
  }

  pending() {
    return this.items.filter((item) => !OVER.has(item.state));
  }

  /** Start what there is room for, and say where things stand. */
  next() {
    const pending = this.pending();
    const room = PARALLEL - pending.filter((item) => item.state !== "waiting").length;
    const waiting = pending.filter((item) => item.state === "waiting");
    for (const item of waiting.slice(0, Math.max(0, room))) this.start(item);
    this.summarise();
    if (!this.pending().length) this.finish();
  }

  async start(item) {
    item.state = "sending";
    item.controller = new AbortController();
    this.show(item);
    try {
      const document = await transfer({
        url: this.dataset.url,
        file: item.file,
        folder: item.folder,
        replaces: item.replaces,
        sensitivity: item.sensitivity,
        password: item.password,
        signal: item.controller.signal,
        onProgress: (sent, state) => this.progressed(item, sent, state),
      });
      this.arrived(item, document);
    } catch (error) {
      if (item.controller.signal.aborted) return;
      const { message: note, again, code } = error;
      Object.assign(item, { state: "failed", note, again, code, sent: 0 });
      this.show(item);
    } finally {
      item.password = "";
    }
    this.next();
  }

  progressed(item, sent, state) {
    item.sent = sent;
    const percent = item.file.size ? Math.floor((100 * sent) / item.file.size) : 0;
    item.note = state === "sending" ? t("sending", { percent: percentage(percent) }) : t(state);
    this.show(item);
    this.summarise();
  }

  arrived(item, { created, name, url }) {
    item.sent = item.file.size;
    item.state = created ? "sent" : "duplicate";
    if (created) this.hide(item);
    else {
      item.note = `${t("duplicate")} ${name}`;
      item.url = url;
      this.show(item);
    }
    const detail = { url, replaces: item.replaces };
    this.dispatchEvent(new CustomEvent("documents-added", { bubbles: true, detail }));
  }

  /** Draw one item; past LISTED_PROBLEMS only its count is shown. */
  show(item) {
    if (!item.view) {
      if (OVER.has(item.state) && this.list.childElementCount >= LISTED_PROBLEMS) return;
      item.view = new UploadItem(this.template, item.file.name, {
        retry: () => this.retry(item),
        unlock: (password) => this.retry(Object.assign(item, { password })),
        dismiss: () => this.dismiss(item),
      });
      this.list.append(item.view.element);
    }
    item.view.show(item, OVER.has(item.state));
  }

  hide(item) {
    const hadFocus = item.view?.remove();
    item.view = null;
    if (hadFocus) this.panel.querySelector("button:not([hidden])")?.focus();
  }

  retry(item) {
    Object.assign(item, { state: "waiting", note: "", again: false, code: "", sent: 0 });
    this.hide(item);
    this.next();
  }

  retryAll() {
    for (const item of this.items.filter(({ again }) => again)) this.retry(item);
  }

  dismiss(item) {
    item.controller?.abort();
    this.hide(item);
    this.items = this.items.filter((other) => other !== item);
    if (this.items.length) this.next();
    else this.clear();
  }

  stopAll() {
    for (const item of this.pending()) {
      item.controller?.abort();
      this.hide(item);
    }
    this.items = this.items.filter((item) => OVER.has(item.state));
    if (this.items.length) this.next();
    else this.clear();
  }

  of(state) {
    return this.items.filter((item) => item.state === state).length;
  }

  /** Where things stand, in words. */
  summary(pending) {
    const [sent, here, problems] = ["sent", "duplicate", "failed"].map((state) => this.of(state));
    const parts = [];
    if (pending) {
      const done = formatted(sent + here);
      parts.push(counted("progress", this.items.length - problems, { done }));
    } else if (sent) parts.push(counted("finished", sent));
    if (here) parts.push(counted("duplicates", here));
    if (problems) parts.push(counted("problems", problems));
    return parts.join(" · ");
  }

  summarise() {
    const part = (name) => this.querySelector(`[data-${name}]`);
    /** @type {HTMLProgressElement} */
    const total = this.querySelector("[data-total]");
    const pending = this.pending().length;
    part("summary").textContent = this.summary(pending);
    total.hidden = !pending;
    total.max = this.items.reduce((sum, { file }) => sum + file.size, 0) || 1;
    total.value = this.items.reduce((sum, { sent }) => sum + sent, 0);
    part("stop-all").hidden = !pending;
    part("clear").hidden = pending > 0;
    part("retry-all").hidden = pending > 0 || this.items.filter(({ again }) => again).length < 2;
  }

  finish() {
    this.querySelector("[data-status]").textContent = this.summary(0);
    if (this.items.every((item) => item.state === "sent")) {
      const shown = this.items;
      setTimeout(() => shown === this.items && this.clear(), CLOSES_AFTER_MS);
    }
  }

  clear() {
    this.items = [];
    this.list.replaceChildren();
    this.panel.hidden = true;
    this.querySelector("[data-status]").textContent = "";
  }
}

/** The level chosen on the page, "" for that of the instance. */
function chosenSensitivity() {
  const select = /** @type {HTMLSelectElement | null} */ (document.querySelector("#upload-level"));
  return select?.value ?? "";
}

customElements.define("document-uploads", DocumentUploads);
