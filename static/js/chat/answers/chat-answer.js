/*
 * <chat-answer>: one answer, from its first event to its sources, measures and actions.
 *
 * Its state is one object, `data`: {id, status, content, reasoning, uncited, reused, verification,
 * citations, used, quotes, impact, error, versions, feedback}; the server writes it in a script of
 * JSON, the stream changes it, and `draw` shows it.
 */

import { copy } from "../../shared/clipboard.js";
import { targetOf } from "../../shared/event-target.js";
import { t } from "../../shared/strings.js";
import { toast } from "../../shared/toast.js";
import { announce, announceSentences } from "./announcer.js";
import { drawActions, drawMeasures, drawSources, linkNearest } from "./answer-parts.js";
import { AnswerRating } from "./answer-rating.js";
import { follow } from "./answer-stream.js";
import { AnswerText } from "./answer-text.js";
import { copiedText } from "./copied-text.js";
import { drawVerification } from "./doubts.js";
import { ReasoningText } from "./reasoning-text.js";
import { sourceLine } from "./source-line.js";

export class ChatAnswer extends HTMLElement {
  connectedCallback() {
    if (this.data) return;
    const json = this.querySelector(':scope > script[type="application/json"]');
    this.data = { citations: [], used: [], quotes: {}, ...JSON.parse(json?.textContent ?? "{}") };
    this.content = this.querySelector("[data-content]");
    this.reasoning = new ReasoningText(this.querySelector("[data-reasoning]"));
    this.text = new AnswerText(this.content, this);
    // Who reads a shared answer can do nothing about it.
    this.isShared = !this.querySelector("[data-feedback-form]");
    this.rating = this.isShared ? null : new AnswerRating(this);
    this.addEventListener("click", (event) => this.clicked(event));
    this.draw();
    if (this.data.status === "streaming" && this.data.id) this.listen();
  }

  disconnectedCallback() {
    this.stopListening?.();
  }

  get streaming() {
    return this.data.status === "streaming";
  }

  /** Take the identity that the server gave, and follow the events; `response` has the first. */
  begin(id, response) {
    this.data.id = id;
    this.dataset.id = id;
    this.listen(response);
  }

  /** Show a failure that came before any event. */
  fail(error) {
    this.data.status = "failed";
    this.data.error = error;
    this.draw();
  }

  /** Lead the reader here, from something that is no longer on the page. */
  focusHeading() {
    this.querySelector("[data-heading]").focus({ preventScroll: true });
  }

  numbered() {
    return new Map(this.data.citations.map((citation) => [citation.number, citation]));
  }

  listen(response = null) {
    const data = this.data;
    const take = (found) => {
      Object.assign(data, found);
      this.schedule();
    };
    const handlers = {
      stage: ({ stage }) => this.stage(stage),
      queued: (position) => this.queued(position),
      sources: (found) => Object.assign(data, found),
      token: ({ text }) => this.grow(data.content + text),
      replace: ({ text, reasoning }) => {
        data.reasoning = reasoning;
        this.grow(text);
      },
      reasoning: ({ text }) => {
        data.reasoning = (data.reasoning ?? "") + text;
        this.schedule();
      },
      checked: take,
      error: (error) => take({ error }),
      done: (ending) => this.end(ending),
      lost: () => this.connection(t("connectionLost")),
      back: () => this.connection(""),
      refused: () => this.fail({ message: t("streamRefused"), retryable: true }),
    };
    this.stopListening = follow(`${this.dataset.base}m/${data.id}/events/`, handlers, response);
  }

  grow(text) {
    announceSentences(this.data.content ?? "", text);
    this.data.content = text;
    this.schedule();
  }

  stage(name) {
    this.step(t(name));
    this.place = 0;
    announce(t(name));
  }

  /** Show the place in the queue; it is said again only when it changes. */
  queued({ place, text }) {
    this.step(text, { mayLeave: true });
    if (place !== this.place) announce(text);
    this.place = place;
  }

  step(text, { mayLeave = false } = {}) {
    this.querySelector("[data-stage-name]").textContent = text;
    this.querySelector("[data-action=leave]").hidden = !mayLeave;
  }

  connection(message) {
    const line = this.querySelector("[data-connection]");
    line.hidden = !message;
    line.querySelector("[data-connection-text]").textContent = message;
  }

  end(ending) {
    Object.assign(this.data, ending);
    // A guest learns at the end which passages the numbers stand for.
    if (ending.citations) this.text.redraw();
    this.connection("");
    this.draw();
    announce(
      t(this.data.error ? "answerInterrupted" : "answerComplete", { n: this.data.used.length }),
    );
    this.dispatchEvent(new CustomEvent("answer-ended", { bubbles: true }));
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { data } = this;
    const empty = !data.content;
    this.dataset.status = data.status;
    this.setAttribute("aria-busy", String(this.streaming));
    this.querySelector("[data-waiting]").hidden = !(this.streaming && empty);
    this.reasoning.update(data.reasoning ?? "", { final: !this.streaming });
    this.text.update(data.content ?? "", { final: !this.streaming });
    this.querySelector("[data-stopped]").hidden = data.status !== "stopped" || empty;
    this.querySelector("[data-unbegun]").hidden = data.status !== "stopped" || !empty;
    this.drawError();
    this.querySelector("[data-foot]").hidden = this.streaming;
    if (this.streaming) return;
    this.querySelector("[data-uncited]").hidden = !data.uncited;
    drawVerification(this, data.verification);
    this.drawFilters();
    this.drawOnDemand();
    this.querySelector("[data-reused]").hidden = !data.reused;
    this.querySelector("[data-reused-text]").textContent = data.reused ?? "";
    this.querySelector("[data-written-by]").textContent = data.written_by ?? "";
    linkNearest(this, data);
    drawSources(this, data);
    drawMeasures(this, data.impact);
    if (this.isShared) return;
    drawActions(this, data.versions ?? [data.id], data.id);
    this.rating.draw();
  }

  /** Tell which documents were searched, as the question named them. */
  drawFilters() {
    const { filters } = this.data;
    this.querySelector("[data-filters]").hidden = !filters;
    this.querySelector("[data-filters-text]").textContent = filters?.text ?? "";
    if (!this.isShared) {
      this.querySelector("[data-action=all-documents]").hidden = !filters?.is_kept;
    }
  }

  drawError() {
    const notice = this.querySelector("[data-error]");
    const { error } = this.data;
    notice.hidden = !error;
    if (!error) return;
    const standIn = this.data.model === "extractive" && this.data.content;
    const sentences = [error.message || t("unknownError"), standIn ? t("extractsInstead") : ""];
    notice.querySelector("[data-error-message]").textContent = sentences.join(" ");
    notice.classList.toggle("notice-warning", Boolean(error.retryable));
    if (this.isShared) return;
    const mayRetry = error.retryable && !this.streaming;
    notice.querySelector("[data-action=retry]").hidden = !mayRetry;
    notice.querySelector("[data-action=extracts]").hidden =
      !mayRetry || !this.data.id || this.data.model === "extractive";
  }

  /** Offer the model of the instance under an answer of its frugal first one. */
  drawOnDemand() {
    const line = this.querySelector("[data-on-demand]");
    if (!line) return;
    const { model, status, error } = this.data;
    line.hidden = model !== line.dataset.firstModel || status !== "complete" || Boolean(error);
  }

  async clicked(event) {
    const button = targetOf(event, "[data-action]");
    if (!button) return;
    const { action } = button.dataset;
    if (action === "copy") await this.copy();
    else if (action === "print") this.print();
    else if (action === "feedback") await this.rating.rate(button.dataset.helpful === "true");
    else if (action === "no-comment") this.rating.close();
    else if (action === "leave") this.leave();
    else this.ask(action, button.dataset.model);
  }

  /** Have the page answer again: "regenerate", "retry", from "all-documents", by "extracts" or by `model`. */
  ask(action, model = null) {
    const detail = {
      answer: this,
      model: action === "extracts" ? "extractive" : model,
      allDocuments: action === "all-documents",
    };
    this.dispatchEvent(new CustomEvent("answer-again", { bubbles: true, detail }));
  }

  /** Leave the queue: the page stops the answer before it has begun. */
  leave() {
    this.focusHeading();
    this.dispatchEvent(new CustomEvent("queue-left", { bubbles: true }));
  }

  async copy() {
    const sources = this.data.citations
      .filter(({ number }) => this.data.used.includes(number))
      .map(sourceLine);
    const { plain, html } = copiedText(this.content, sources);
    const copied = await copy(plain, html);
    if (!copied) getSelection().selectAllChildren(this.content);
    toast(t(copied ? "answerCopied" : "copyRefused"));
  }

  /** Print this answer and its sources. */
  print() {
    this.dataset.printed = "";
    addEventListener("afterprint", () => delete this.dataset.printed, { once: true });
    window.print();
  }
}

customElements.define("chat-answer", ChatAnswer);
