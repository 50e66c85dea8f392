/*
 * <chat-composer>: where one asks. Enter sends, Shift+Enter breaks the line, Esc stops the answer,
 * ↑ in an empty field edits the last question. While an answer streams, send becomes stop.
 */
import { growing } from "../shared/growing.js";

export class ChatComposer extends HTMLElement {
  /** @type {HTMLButtonElement} */
  button;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = asTextArea(this.querySelector("input[name=question]"));
    this.button = this.querySelector("[data-send]");
    growing(this.field);
    this.field.addEventListener("input", () => this.draw());
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.querySelector("[data-stop]").addEventListener("click", () => this.emit("composer-stop"));
    this.draw();
  }

  get busy() {
    return this.hasAttribute("busy");
  }

  /** Whether an answer is being written. */
  set busy(value) {
    const hadFocus = this.contains(document.activeElement);
    this.toggleAttribute("busy", value);
    this.draw();
    if (hadFocus && document.activeElement === document.body) {
      this.field.focus({ preventScroll: true });
    }
  }

  /** Put a text back, after a refusal. */
  restore(text) {
    if (!this.field.value) this.field.value = text;
    this.draw();
    this.field.focus();
  }

  draw() {
    this.button.hidden = this.busy;
    this.button.disabled = !this.field.value.trim();
    this.querySelector("[data-stop]").hidden = !this.busy;
  }

  pressed(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      event.preventDefault();
      this.emit("composer-edit-last");
    }
  }

  send() {
    const question = this.field.value.trim();
    if (!question || this.busy) return;
    this.field.value = "";
    this.field.dispatchEvent(new Event("input"));
    this.emit("composer-ask", { question });
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

/** Replace a text input by a text area with the same attributes, text and focus. */
function asTextArea(input) {
  const area = document.createElement("textarea");
  area.rows = 1;
  for (const { name, value } of input.attributes) area.setAttribute(name, value);
  area.value = input.value;
  const hadFocus = document.activeElement === input;
  input.replaceWith(area);
  if (hadFocus) area.focus({ preventScroll: true });
  return area;
}

customElements.define("chat-composer", ChatComposer);
