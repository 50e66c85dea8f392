/* One file in the panel of uploads: its name, how far it is, what may be done about it. */
import { t } from "../../shared/strings.js";

const NEEDS_PASSWORD = new Set(["encrypted", "wrong_password"]);

export class UploadItem {
  /** A copy of `template`; its buttons call `retry` and `dismiss`, its form `unlock(password)`. */
  constructor(template, name, { retry, dismiss, unlock }) {
    this.name = name;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part("name").textContent = name;
    this.part("retry").addEventListener("click", retry);
    this.part("dismiss").addEventListener("click", dismiss);
    this.part("unlock").addEventListener("submit", (event) => {
      event.preventDefault();
      unlock(this.part("password").value);
    });
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  /** Show where the file stands; `over` when nothing more happens by itself. */
  show({ file, sent, state, note, again, url, code }, over) {
    this.element.dataset.state = state;
    this.part("note").textContent = note;
    const progress = this.part("progress");
    progress.hidden = over;
    progress.max = file.size || 1;
    progress.value = sent;
    progress.setAttribute("aria-label", this.name);
    this.part("retry").hidden = !again || !over;
    this.part("unlock").hidden = !over || !NEEDS_PASSWORD.has(code);
    this.part("open").hidden = !url;
    if (url) this.part("open").href = url;
    const action = t(over ? "dismiss" : "stop", { name: this.name });
    this.part("dismiss").setAttribute("aria-label", action);
  }

  /** Take it off the panel; whether it had the focus. */
  remove() {
    const hadFocus = this.element.contains(document.activeElement);
    this.element.remove();
    return hadFocus;
  }
}
