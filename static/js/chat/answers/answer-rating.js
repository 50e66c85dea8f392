/* The rating of an answer: its two buttons, and the comment, a draft until the server has it. */
import { postJSON } from "../../shared/http.js";
import { t } from "../../shared/strings.js";
import { toast } from "../../shared/toast.js";
import { Draft } from "../draft.js";

export class AnswerRating {
  /** @param {import("./chat-answer.js").ChatAnswer} answer whose `data.feedback` is the rating */
  constructor(answer) {
    this.answer = answer;
    this.form = /** @type {HTMLFormElement} */ (answer.querySelector("[data-feedback-form]"));
    this.field = this.form.querySelector("textarea");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sendComment();
    });
    this.field.addEventListener("input", () => {
      this.draft.text = this.field.value;
    });
    if (!answer.data.feedback || !this.draft.text) return;
    this.field.value = this.draft.text;
    this.open();
  }

  get draft() {
    return new Draft(`comment ${this.answer.data.id}`);
  }

  draw() {
    for (const helpful of [true, false]) {
      const chosen = this.answer.data.feedback?.helpful === helpful;
      this.thumb(helpful).setAttribute("aria-pressed", String(chosen));
    }
  }

  /** The button that rates the answer as helpful, or as not. */
  thumb(helpful) {
    return this.answer.querySelector(`[data-helpful="${helpful}"]`);
  }

  /** Rate the answer; the same rating once more removes it. */
  async rate(helpful) {
    const { data } = this.answer;
    const undone = data.feedback?.helpful === helpful;
    if (!(await this.post({ helpful: undone ? null : helpful }))) return;
    data.feedback = undone ? null : { helpful };
    this.draw();
    if (undone) {
      this.form.hidden = true;
      this.empty();
      toast(t("feedbackRemoved"));
      return;
    }
    this.open();
    this.field.focus({ preventScroll: true });
    this.form.scrollIntoView({ block: "nearest" });
  }

  /** Show the form of the comment, with the question that fits the rating. */
  open() {
    const { helpful } = this.answer.data.feedback;
    for (const question of this.form.querySelectorAll("[data-asks]")) {
      question.hidden = question.dataset.asks !== String(helpful);
    }
    this.form.hidden = false;
  }

  async sendComment() {
    const { helpful } = this.answer.data.feedback;
    if (await this.post({ helpful, comment: this.field.value.trim() })) this.close();
  }

  /** Close the form of the comment, which is sent or not wanted. */
  close() {
    this.form.hidden = true;
    this.empty();
    this.thumb(this.answer.data.feedback.helpful).focus();
    toast(t("feedbackThanks"));
  }

  empty() {
    this.field.value = "";
    this.draft.text = "";
  }

  /** Save a rating; returns whether the server has it. */
  async post(feedback) {
    const { dataset, data } = this.answer;
    let error = null;
    try {
      await postJSON(`${dataset.base}m/${data.id}/feedback/`, feedback);
    } catch (failure) {
      error = failure;
    }
    const detail = { error };
    this.answer.dispatchEvent(new CustomEvent("server-asked", { bubbles: true, detail }));
    return !error;
  }
}
