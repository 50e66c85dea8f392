/*
 * <document-uploads>: files picked or dropped anywhere on the page, sent three at a time.
 *
 * The panel lists what is on its way and what needs somebody's attention, and the folders of a large
 * drop; what arrived is in the list of documents, which is told by "documents-added".
 */
import { csrfToken, send } from "../shared/http.js";
import { pageProblem, reporting, showProblem } from "../shared/problem.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";
import { onFilesDropped } from "./drop.js";
import { refusal } from "./files.js";
import { percentage } from "./numbers.js";
import { onFilesPicked } from "./pickers.js";
import { PAUSED, SessionEnded, STOPPED, transfer } from "./sending/transfer.js";
import { showUnfinished } from "./sending/unfinished-uploads.js";
import { UploadFolders } from "./sending/upload-folders.js";
import { UploadItem } from "./sending/upload-item.js";
import { isOver, topFolder, UploadQueue } from "./sending/upload-queue.js";
import { summaryOf } from "./sending/upload-summary.js";

const PARALLEL = 3;
const LISTED_PROBLEMS = 100;
const CLOSES_AFTER_MS = 5000;
const LOGGED_OUT = { status: 401, message: "" };

class DocumentUploads extends HTMLElement {
  connectedCallback() {
    this.queue = new UploadQueue();
    this.panel = this.find("panel");
    this.list = this.find("items");
    this.template = this.querySelector("template[data-item]");
    const folders = this.querySelector("template[data-folder-row]");
    this.folders = new UploadFolders(this.find("folders"), folders, (action, folder) =>
      this.actOnFolder(action, folder),
    );
    this.listenToButtons();
    onFilesPicked(this, (found, replaces) => this.add(found, replaces));
    // On the page of a conversation, <chat-attachments> asks where a drop belongs.
    if (!document.querySelector("chat-attachments")) {
      onFilesDropped(this.find("veil"), (found) => {
        if (found.length) this.add(found);
        else toast(t("noFile"));
      });
    }
    window.addEventListener("beforeunload", (event) => {
      if (this.queue.pending().length) event.preventDefault();
    });
    showUnfinished(this.find("unfinished"), this.dataset.endpoint);
  }

  /** @returns {any} */
  find(name) {
    return this.querySelector(`[data-${name}]`);
  }

  listenToButtons() {
    const actions = {
      "stop-all": () => this.stop(() => true),
      "pause-all": () => this.pause(),
      "resume-all": () => this.resume(),
      "retry-all": () => this.retryAll(),
      clear: () => this.clear(),
    };
    for (const [name, act] of Object.entries(actions)) {
      this.find(name).addEventListener("click", act);
    }
  }

  /** Send what was found; the one file of a replacement with the document that it replaces. */
  add(found, replaces = "") {
    if (!found.length) return;
    this.find("unfinished").hidden = true;
    if (!this.queue.pending().length) this.clear();
    const sensitivity = chosenSensitivity();
    const start = {
      replaces,
      sensitivity,
      password: "",
      address: "",
      first: false,
      state: "waiting",
    };
    for (const { file, folder } of found) {
      const item = { file, folder, ...start, sent: 0, code: "", note: "", again: false };
      const reason = refusal(file, Number(this.dataset.maxBytes), this.dataset.limit);
      if (reason) Object.assign(item, { state: "failed", note: reason });
      this.queue.items.push(item);
      if (reason) this.show(item);
    }
    this.panel.hidden = false;
    this.next();
  }

  /** Start what there is room for, and say where things stand. */
  next() {
    const room = PARALLEL - this.queue.active().length;
    for (const item of this.queue.next(room)) this.start(item);
    this.summarise();
    if (!this.queue.pending().length) this.finish();
  }

  async start(item) {
    item.state = "sending";
    const controller = new AbortController();
    item.controller = controller;
    this.show(item);
    try {
      const document = await transfer({
        endpoint: this.dataset.endpoint,
        file: item.file,
        folder: item.folder,
        replaces: item.replaces,
        sensitivity: item.sensitivity,
        first: item.first,
        password: item.password,
        address: item.address,
        signal: controller.signal,
        onProgress: (sent, state) => this.progressed(item, controller, sent, state),
      });
      this.arrived(item, document);
    } catch (error) {
      if (controller.signal.aborted) return;
      if (error instanceof SessionEnded) return this.sessionEnded();
      const { message: note, again, code, address } = error;
      Object.assign(item, { state: "failed", note, again, code, address, sent: 0 });
      this.show(item);
    } finally {
      item.password = "";
    }
    this.next();
  }

  progressed(item, controller, sent, state) {
    if (item.controller !== controller || item.state !== "sending") return;
    item.sent = Math.min(sent, item.file.size);
    const percent = item.file.size ? Math.floor((100 * item.sent) / item.file.size) : 0;
    item.note = state === "sending" ? t("sending", { percent: percentage(percent) }) : t(state);
    this.show(item);
    this.summariseSoon();
  }

  arrived(item, { created, title, url }) {
    pageProblem().hidden = true;
    item.sent = item.file.size;
    item.state = created ? "sent" : "duplicate";
    if (created) this.hide(item);
    else {
      item.note = `${t("duplicate")} ${title}`;
      item.url = url;
      this.show(item);
    }
    const detail = { url, replaces: item.replaces };
    this.dispatchEvent(new CustomEvent("documents-added", { bubbles: true, detail }));
  }

  /** Draw one item; past LISTED_PROBLEMS only its count is shown. */
  show(item) {
    if (!item.view) {
      if (isOver(item) && this.list.childElementCount >= LISTED_PROBLEMS) return;
      item.view = new UploadItem(this.template, item.file.name, {
        retry: () => this.retry(item),
        unlock: (password) => this.retry(Object.assign(item, { password })),
        dismiss: () => this.stop((other) => other === item),
      });
      this.list.append(item.view.element);
    }
    item.view.show(item, isOver(item));
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
    for (const item of this.queue.items.filter(({ again }) => again)) this.retry(item);
  }

  /** Take files off the list, and forget what was sent of those that are not over. */
  stop(belongs) {
    const isAll = this.queue.items.every(belongs);
    for (const item of this.queue.remove((one) => belongs(one) && !(isAll && isOver(one)))) {
      item.controller?.abort(STOPPED);
      this.hide(item);
    }
    if (this.queue.items.length) this.next();
    else this.clear();
  }

  /** Stop sending for a while, everything or the files of a folder. */
  pause(folder = null) {
    if (folder === null) this.queue.isPaused = true;
    else this.queue.pausedFolders.add(folder);
    for (const item of this.queue.active()) {
      if (folder !== null && topFolder(item) !== folder) continue;
      item.state = "waiting";
      item.controller.abort(PAUSED);
      this.hide(item);
    }
    this.next();
  }

  resume(folder = null) {
    if (folder === null) this.queue.isPaused = false;
    else this.queue.pausedFolders.delete(folder);
    this.next();
  }

  actOnFolder(action, folder) {
    const belongs = (item) => topFolder(item) === folder;
    if (action === "pause") this.pause(folder);
    if (action === "resume") this.resume(folder);
    if (action === "stop") {
      this.stop((item) => belongs(item) && !isOver(item));
      this.tellFolder("cancel", folder);
    }
    if (action === "first") {
      for (const item of this.queue.items) item.first = belongs(item);
      this.resume(folder);
      this.tellFolder("first", folder);
    }
  }

  /** Do the same with those of its files that the server has already. */
  tellFolder(action, folder) {
    const body = new FormData();
    body.append("action", action);
    body.append("folder", folder);
    const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
    reporting(pageProblem(), () => send(this.dataset.folderUrl, { method: "POST", body, headers }));
  }

  /** Keep all that is not sent until somebody has logged in again, in another tab. */
  sessionEnded() {
    this.pause();
    showProblem(pageProblem(), LOGGED_OUT, { apart: true });
  }

  /** With the next picture of the page: bytes are reported more often than anybody sees. */
  summariseSoon() {
    this.frame ??= requestAnimationFrame(() => this.summarise());
  }

  summarise() {
    this.frame = null;
    const figures = this.queue.figures();
    const { pending, bytes, done } = figures;
    const total = this.find("total");
    this.find("summary").textContent = summaryOf(this.queue, figures);
    total.hidden = !pending;
    total.max = bytes || 1;
    total.value = done;
    this.find("stop-all").hidden = !pending;
    this.find("pause-all").hidden = !pending || this.queue.isPaused;
    this.find("resume-all").hidden = !this.queue.isPaused;
    this.find("clear").hidden = pending > 0;
    this.find("retry-all").hidden = pending > 0 || figures.again < 2;
    this.folders.show(this.queue.folders());
  }

  finish() {
    this.find("status").textContent = summaryOf(this.queue, this.queue.figures());
    if (this.queue.items.every((item) => item.state === "sent")) {
      const shown = this.queue.items;
      setTimeout(() => shown === this.queue.items && this.clear(), CLOSES_AFTER_MS);
    }
  }

  clear() {
    this.queue.clear();
    this.list.replaceChildren();
    this.folders.show([]);
    this.panel.hidden = true;
    this.find("status").textContent = "";
  }
}

/** The level chosen on the page, "" for that of the instance. */
function chosenSensitivity() {
  const select = /** @type {HTMLSelectElement | null} */ (document.querySelector("#upload-level"));
  return select?.value ?? "";
}

customElements.define("document-uploads", DocumentUploads);
