/* <chat-question>: what was asked; it can be put in other words, which asks again. */

import { growing } from "../forms/growing.js";
import { targetOf } from "../shared/event-target.js";
import { drawVersions } from "./answers/answer-parts.js";
import { Draft } from "./draft.js";

export class ChatQuestion extends HTMLElement {
  /** @type {HTMLFormElement} */
  form;

  connectedCallback() {
    if (this.form) return;
    const json = this.querySelector(':scope > script[type="application/json"]');
    this.data = JSON.parse(json?.textContent ?? "{}");
    this.form = this.querySelector("form[data-edit]");
    this.shown = this.querySelector("[data-shown]");
    this.text = this.querySelector("[data-text]");
    this.field = this.form.querySelector("textarea");
    growing(this.field);
    this.addEventListener("click", (event) => {
      const action = targetOf(event, "[data-action]")?.dataset.action;
      if (action === "edit") this.edit();
      if (action === "cancel") this.cancel();
    });
    this.form.addEventListener("submit", (event) => this.submitted(event));
    this.field.addEventListener("input", () => {
      this.draft.text = this.field.value;
    });
    this.field.addEventListener("keydown", (event) => this.pressed(event));
    this.draw();
    if (this.data.id && this.draft.text) this.open(this.draft.text);
  }

  /** What the question is being changed to, until the server has it. */
  get draft() {
    return new Draft(`edit ${this.data.id}`);
  }

  /** Take the identity that the server gave, and the text as it was sent. */
  begin(id, text) {
    this.data.id = id;
    this.text.textContent = text;
    this.data.versions ??= [id];
    this.draw();
  }

  draw() {
    this.querySelector("[data-action=edit]").hidden = !this.data.id;
    drawVersions(this, this.data.versions ?? [], this.data.id);
  }

  /** The documents that it keeps to, as [{title}]. */
  get restriction() {
    const note = this.querySelector("[data-restricted]");
    return note.hidden ? [] : [{ title: note.textContent.trim() }];
  }

  /** Open the form, with the question or what it was changed to. */
  edit(text = this.text.textContent) {
    this.open(text);
    this.field.focus();
  }

  open(text) {
    this.field.value = text;
    this.toggle(true);
    this.field.dispatchEvent(new Event("input"));
  }

  cancel() {
    this.draft.text = "";
    this.close();
  }

  close() {
    this.toggle(false);
    this.querySelector("[data-action=edit]").focus();
  }

  toggle(editing) {
    this.form.hidden = !editing;
    this.shown.hidden = editing;
  }

  pressed(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.cancel();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  submitted(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text) return;
    if (text === this.text.textContent) {
      this.cancel();
      return;
    }
    this.close();
    const detail = { question: this, text };
    this.dispatchEvent(new CustomEvent("question-edited", { bubbles: true, detail }));
  }
}

customElements.define("chat-question", ChatQuestion);
