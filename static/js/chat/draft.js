/*
 * A text that is being written, kept in this tab until the server has it: it survives leaving the
 * page, and logging in again.
 */

export class Draft {
  /** `key` names what the text is for: the person and the conversation, or the message. */
  constructor(key) {
    this.key = `draft ${key}`;
  }

  get text() {
    return sessionStorage.getItem(this.key) ?? "";
  }

  set text(text) {
    if (text) sessionStorage.setItem(this.key, text);
    else sessionStorage.removeItem(this.key);
  }
}
