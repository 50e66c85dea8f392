/* The folders in the panel of uploads: how far each is, and what may be done with all its files. */
import { t } from "../../shared/strings.js";
import { counted, formatted } from "../numbers.js";

const LISTED = 50;

export class UploadFolders {
  /** Draws in `list` copies of `template`; a button calls `act(action, folder)`. */
  constructor(list, template, act) {
    this.list = list;
    this.template = template;
    this.rows = new Map();
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-act]");
      if (button) act(button.dataset.act, button.closest("li").dataset.folder);
    });
  }

  /** Show the folders that still have files to send. */
  show(folders) {
    const shown = folders.filter(({ pending }) => pending).slice(0, LISTED);
    const names = new Set(shown.map(({ name }) => name));
    for (const [name, row] of this.rows) {
      if (names.has(name)) continue;
      row.remove();
      this.rows.delete(name);
    }
    for (const folder of shown) this.draw(folder);
    this.list.hidden = !shown.length;
  }

  draw({ name, total, done, failed, isPaused, first }) {
    const row = this.rows.get(name) ?? this.add(name);
    const part = (key) => row.querySelector(`[data-${key}]`);
    const said = counted("progress", total - failed, { done: formatted(done) });
    part("note").textContent = isPaused ? `${said} · ${t("paused")}` : said;
    part("pause").hidden = isPaused;
    part("resume").hidden = !isPaused;
    part("first").hidden = first;
  }

  add(name) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    row.dataset.folder = name;
    row.querySelector("[data-name]").textContent = name;
    for (const button of row.querySelectorAll("button[data-act]")) {
      button.setAttribute("aria-label", t(`${button.dataset.act}Folder`, { name }));
      button.title = button.getAttribute("aria-label");
    }
    this.rows.set(name, row);
    this.list.append(row);
    return row;
  }
}
