/*
 * <question-held>: says that a question was not sent because of personal data, and which; leads to
 * masking them, to another model, or to sending them.
 */
import { targetOf } from "../shared/event-target.js";

export class QuestionHeld extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const decision = targetOf(event, "[data-decision]")?.dataset.decision;
      if (decision) this.decide(decision);
      if (targetOf(event, "[data-other-model]")) {
        document.querySelector("model-picker [popovertarget]").click();
      }
    });
  }

  /**
   * Show what was found; `again(decision)` sends the question once more.
   *
   * @param {import("../shared/http.js").RequestError} error
   * @param {(decision: string) => void} again
   */
  show({ message, details }, again) {
    this.again = again;
    this.querySelector("[data-message]").textContent = message;
    const items = details.found.map(({ label, text }) => {
      const item = document.createElement("li");
      const quote = document.createElement("q");
      quote.dir = "auto";
      quote.textContent = text;
      item.append(`${label} `, quote);
      return item;
    });
    this.querySelector("ul").replaceChildren(...items);
    this.querySelector('[data-decision="send"]').hidden = !details.may_send;
    this.hidden = false;
    this.querySelector("[data-message]").focus();
  }

  decide(decision) {
    this.hidden = true;
    this.again(decision);
  }
}

customElements.define("question-held", QuestionHeld);
