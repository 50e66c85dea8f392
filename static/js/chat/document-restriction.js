/*
 * <document-restriction>: the documents that a question keeps to; none means all of them.
 *
 * The menu lists the folders and tags, then all documents a page at a time, says how many there are,
 * and finds them by title, file name, folder or tag. A folder or tag stands for all its documents.
 */
import { targetOf } from "../shared/event-target.js";
import { getJSON } from "../shared/http.js";
import { t } from "../shared/strings.js";

const PAUSE_MS = 150;

export class DocumentRestriction extends HTMLElement {
  /** @type {HTMLInputElement} */
  field;
  /** @type {HTMLInputElement} */
  all;

  connectedCallback() {
    /** What is chosen, as [{id, ids, title}]: a document, or a folder or tag with those in it. */
    this.chosen = JSON.parse(this.dataset.chosen);
    this.chips = this.querySelector("[data-chips]");
    this.results = this.querySelector("[data-results]");
    this.field = this.querySelector("input[type=search]");
    this.all = this.querySelector("[data-all]");
    this.more = this.querySelector("[data-more]");
    this.shown = this.querySelector("[data-shown]");
    this.all.addEventListener("change", () => this.choose([]));
    this.more.addEventListener("click", (event) => {
      // The menu would close.
      event.stopPropagation();
      this.showMore();
    });
    this.field.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), PAUSE_MS);
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    this.querySelector("[popover]").addEventListener("toggle", (event) => {
      if (event.newState === "open") this.search();
    });
    this.results.addEventListener("change", ({ target }) => this.changed(target));
    this.chips.addEventListener("click", (event) => {
      const chip = targetOf(event, "[data-id]");
      if (chip) this.remove(chip.dataset.id);
    });
    this.draw();
  }

  async search() {
    const found = await this.get(1);
    if (!found) return;
    if (!found.total) {
      this.say(t(this.field.value ? "noDocumentFound" : "noDocument"));
      return;
    }
    const groups = [...this.groups("folder", found.folders), ...this.groups("tag", found.tags)];
    this.results.replaceChildren(
      ...(groups.length ? [...groups, heading(t("documents"))] : []),
      ...found.documents.map((one) => this.documentOption(one)),
    );
    this.count(found.total);
  }

  /** Add the next page, and lead the focus to its first document. */
  async showMore() {
    const found = await this.get(this.page + 1);
    if (!found) return;
    const options = found.documents.map((one) => this.documentOption(one));
    this.results.append(...options);
    options[0]?.querySelector("input").focus();
    this.count(found.total);
  }

  /** One page of the documents that match, or null when another request took its place. */
  async get(page) {
    const found = await this.request(this.dataset.url, { q: this.field.value, page: String(page) });
    if (found) this.page = page;
    return found;
  }

  /** The server's answer, or null when there is none or another request took its place. */
  async request(url, query) {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    try {
      return await getJSON(`${url}?${new URLSearchParams(query)}`, signal);
    } catch (error) {
      if (!signal.aborted) this.refuse(error);
      return null;
    }
  }

  /** Leave the reason why there is no list to the page, which shows it until the server answers. */
  refuse(error) {
    this.querySelector("[popover]").hidePopover();
    this.dispatchEvent(new CustomEvent("server-asked", { bubbles: true, detail: { error } }));
  }

  /** Say how many of the documents are listed. */
  count(total) {
    const shown = this.results.querySelectorAll("input:not([data-group])").length;
    this.shown.textContent = total ? t("documentsShown", { shown, total }) : "";
    this.more.hidden = shown >= total;
  }

  say(message) {
    this.results.replaceChildren(heading(message));
    this.count(0);
  }

  documentOption({ id, title, name, folder }) {
    const path = [folder, title === name ? "" : name].filter(Boolean).join(" / ");
    return this.option(id, title, path);
  }

  /** The options of folders or of tags (`kind`), below their heading, and how many are left out. */
  groups(kind, found) {
    const options = found.shown.map(({ name, note, is_too_large }) => {
      const label = this.option(`${kind} ${name}`, name, note);
      const box = label.querySelector("input");
      Object.assign(box.dataset, { group: kind, name });
      box.disabled = is_too_large;
      return label;
    });
    if (!options.length) return [];
    const others = found.others ? [heading(found.others)] : [];
    return [heading(t(kind === "tag" ? "tags" : "folders")), ...options, ...others];
  }

  /** A box to choose what `title` names, with a `note` below. */
  option(id, title, note) {
    const label = document.createElement("label");
    label.className = "menu-item";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = id;
    box.dataset.title = title;
    box.checked = this.chosen.some((one) => one.id === id);
    const text = document.createElement("span");
    text.className = "restriction-name";
    text.dir = "auto";
    text.textContent = title;
    if (note) {
      const file = document.createElement("span");
      file.className = "restriction-file small muted";
      file.textContent = note;
      text.append(file);
    }
    label.append(box, text);
    return label;
  }

  async changed(box) {
    const { value: id } = box;
    const { title, group, name } = box.dataset;
    const others = this.chosen.filter((one) => one.id !== id);
    if (!box.checked) {
      this.choose(others);
      return;
    }
    const ids = group ? (await this.request(this.dataset.groupUrl, { [group]: name }))?.ids : [id];
    this.choose(ids ? [...others, { id, ids, title }] : others);
  }

  remove(id) {
    this.choose(this.chosen.filter((one) => one.id !== id));
    this.querySelector("[popovertarget]").focus();
  }

  choose(chosen) {
    this.chosen = chosen;
    /** @type {NodeListOf<HTMLInputElement>} */
    const boxes = this.results.querySelectorAll("input");
    for (const box of boxes) box.checked = chosen.some(({ id }) => id === box.value);
    this.draw();
  }

  draw() {
    this.all.checked = !this.chosen.length;
    this.chips.hidden = !this.chosen.length;
    this.chips.replaceChildren(...this.chosen.map((one) => this.chip(one)));
  }

  chip({ id, title }) {
    const chip = document
      .importNode(this.querySelector("template").content, true)
      .querySelector("li");
    const button = chip.querySelector("button");
    button.dataset.id = id;
    button.setAttribute("aria-label", t("removeDocument", { name: title }));
    chip.querySelector("span").textContent = title;
    return chip;
  }
}

function heading(text) {
  const line = document.createElement("p");
  line.className = "menu-label";
  line.textContent = text;
  return line;
}

customElements.define("document-restriction", DocumentRestriction);
