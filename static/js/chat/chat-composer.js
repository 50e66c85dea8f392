/*
 * <chat-composer>: where one asks. Enter sends, Shift+Enter breaks the line, Esc stops the answer,
 * ↑ in an empty field edits the last question. While an answer streams, send becomes stop. A line
 * above the field says why a question was not sent, and what to do. One under it says what the answer
 * will probably take. The link to the passages takes along what is typed.
 */
import { growing } from "../forms/growing.js";
import { showProblem } from "../shared/problem.js";
import { onLargePaste } from "./attachments/pasting.js";
import { Draft } from "./draft.js";
import "./question-held.js";

// Of the form of the page Search (chat/forms.py).
const MAX_SEARCH_CHARS = 500;

export class ChatComposer extends HTMLElement {
  /** @type {HTMLButtonElement} */
  button;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.field = asTextArea(this.querySelector("input[name=question]"));
    this.button = this.querySelector("[data-send]");
    this.problem = this.querySelector("[data-problem]");
    this.held = this.querySelector("question-held");
    this.draft = new Draft(this.dataset.draft);
    growing(this.field);
    const attachments = this.querySelector("chat-attachments");
    if (attachments)
      onLargePaste(this.field, attachments.querySelector("[data-pasted]"), attachments);
    if (!this.field.value) this.field.value = this.draft.text;
    this.field.addEventListener("input", () => {
      this.draft.text = this.field.value;
      this.draw();
    });
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.addEventListener("model-chosen", ({ detail }) => {
      this.held.hidden = true;
      this.estimate(detail.id);
    });
    /** @type {HTMLAnchorElement | null} */
    const passages = this.querySelector("[data-passages]");
    passages?.addEventListener("click", () => {
      const q = this.field.value.trim().slice(0, MAX_SEARCH_CHARS);
      passages.search = q && new URLSearchParams({ q }).toString();
    });
    this.querySelector("[data-stop]").addEventListener("click", () => this.emit("composer-stop"));
    this.field.dispatchEvent(new Event("input"));
  }

  get busy() {
    return this.hasAttribute("busy");
  }

  /** Whether an answer is being written. */
  set busy(value) {
    const hadFocus = this.contains(document.activeElement);
    this.toggleAttribute("busy", value);
    this.draw();
    if (hadFocus && document.activeElement === document.body) this.focusField();
  }

  focusField() {
    this.field.focus({ preventScroll: true });
  }

  /** Put a text back, after a refusal. */
  restore(text) {
    this.problem.querySelector("[data-kept]").hidden = false;
    if (!this.field.value) this.field.value = text;
    this.field.dispatchEvent(new Event("input"));
    this.field.focus();
  }

  /** Say why the server could not be asked, until it can. */
  refuse(error) {
    this.problem.querySelector("[data-kept]").hidden = true;
    showProblem(this.problem, error);
  }

  /** The server has answered: nothing is wrong any more, and it has what was sent. */
  accept() {
    this.draft.text = this.field.value;
    this.problem.hidden = true;
    this.held.hidden = true;
  }

  draw() {
    this.button.hidden = this.busy;
    this.button.disabled = !this.field.value.trim();
    this.querySelector("[data-stop]").hidden = !this.busy;
  }

  /** Show what an answer of this model will probably take. */
  estimate(model) {
    for (const text of this.querySelectorAll("[data-estimate]")) {
      text.hidden = text.dataset.estimate !== model;
    }
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
    const question = this.take();
    if (question) this.emit("composer-ask", { question });
  }

  /** Empty the field and return its text, a draft until the server has it; "" when there is nothing
   * to send now. */
  take() {
    const question = this.field.value.trim();
    if (!question || this.busy) return "";
    this.field.value = "";
    this.field.dispatchEvent(new Event("input"));
    this.draft.text = question;
    return question;
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
