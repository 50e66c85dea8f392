/*
 * <chat-app>: the conversation. It asks the server, and puts question and answer on the page. Its
 * parts that ask the server themselves fire server-asked {error}, whose reason it shows.
 */

import { onFilesDropped } from "../documents/drop.js";
import { isEventStream, postForEvents, postJSON } from "../shared/http.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";
import { eventsOf, firstOf } from "./answers/answer-stream.js";
import { markdown } from "./answers/answer-text.js";
import { askExamples, showFollowUps } from "./follow-ups.js";
import { ReadingPlace } from "./reading-place.js";
import { Temporary } from "./temporary.js";

class ChatApp extends HTMLElement {
  connectedCallback() {
    this.thread = this.querySelector("[data-thread]");
    this.followUps = this.querySelector("[data-follow-ups]");
    this.lastOf("chat-answer")?.append(this.followUps);
    this.composer = this.querySelector("chat-composer");
    this.place = new ReadingPlace(
      this.closest("main"),
      this.thread,
      this.querySelector("[data-to-end]"),
    );
    this.base = this.dataset.base;
    this.temporary = new Temporary(this);
    this.addEventListener("composer-ask", ({ detail }) => this.ask(detail.question));
    this.addEventListener("composer-stop", () => this.stop());
    this.addEventListener("queue-left", () => this.stop());
    this.addEventListener("composer-edit-last", () => {
      if (!this.streaming()) this.lastOf("chat-question")?.edit();
    });
    this.addEventListener("question-edited", ({ detail }) => this.askAgain(detail));
    this.addEventListener("answer-again", ({ detail }) => this.answerAgain(detail));
    this.addEventListener("answer-ended", () => this.ended());
    this.addEventListener("server-asked", ({ detail: { error } }) => {
      if (error) this.composer.refuse(error);
      else this.composer.accept();
    });
    this.addEventListener("attached", ({ detail }) => this.arrive(detail));
    this.addEventListener("attachment-removed", () => this.composer.focusField());
    askExamples(this, (text) => this.ask(text));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !openLayer()) this.stop();
    });
    // Without this, a browser leaves the page to open a file that is dropped on it.
    if (!document.querySelector("document-uploads, chat-attachments")) {
      onFilesDropped(null, () => toast(t("dropRefused")));
    }
    this.composer.busy = Boolean(this.streaming());
    this.thread.dataset.ready = "";
    this.place.open(this.querySelector("[data-welcome]"), markdown);
  }

  lastOf(tag) {
    return [...this.thread.querySelectorAll(tag)].at(-1);
  }

  streaming() {
    return [...this.thread.querySelectorAll("chat-answer")].find((answer) => answer.streaming);
  }

  get model() {
    return this.querySelector("model-picker")?.value ?? "";
  }

  /**
   * @template {"question" | "answer"} N
   * @param {N} name
   * @returns {HTMLElementTagNameMap[`chat-${N}`]}
   */
  clone(name) {
    /** @type {HTMLTemplateElement} */
    const template = this.querySelector(`template[data-${name}]`);
    const content = document.importNode(template.content, true);
    return content.querySelector(`chat-${name}`);
  }

  /** A new question at the end, and the answer that is to come. */
  add(text, restriction) {
    const question = this.clone("question");
    question.querySelector("[data-text]").textContent = text;
    const note = question.querySelector("[data-restricted]");
    note.hidden = !restriction.length;
    note.querySelector("span").textContent = restriction.map(({ title }) => title).join(", ");
    const answer = this.clone("answer");
    this.followUps.replaceChildren();
    const welcome = this.querySelector("[data-welcome]");
    const chose = welcome?.contains(document.activeElement);
    welcome?.replaceWith(headingOf(text));
    if (chose) this.composer.focusField();
    this.thread.append(question, answer);
    this.place.begin(question, answer, this.composer);
    return { question, answer };
  }

  /** Whether a question may be sent, once the files of the conversation are read. */
  async mayAsk() {
    const attachments = this.querySelector("chat-attachments");
    if (!attachments?.isPending) return true;
    this.composer.busy = true;
    const isRead = await attachments.whenRead();
    this.composer.busy = false;
    return isRead;
  }

  async ask(text, personalData = "") {
    if (!(await this.mayAsk())) {
      this.composer.restore(text);
      return;
    }
    const restriction = this.querySelector("document-restriction")?.chosen ?? [];
    const attached = this.querySelector("chat-attachments")?.chosen ?? [];
    const turn = this.add(text, [...restriction, ...attached.map((title) => ({ title }))]);
    const held = await this.request(turn, `${this.base}ask/`, {
      question: text,
      conversation: this.dataset.conversation || null,
      document_ids: [...new Set(restriction.flatMap(({ ids }) => ids))],
      attachments_only: attached.length > 0,
      temporary: this.temporary.isChosen,
      model: this.model,
      personal_data: personalData,
    });
    if (!turn.answer.data.id) {
      turn.question.remove();
      this.composer.restore(text);
    }
    if (held) {
      this.composer.held.show(held, (decision) => {
        const again = this.composer.take();
        if (again) this.ask(again, decision);
      });
    }
  }

  /** Ask an earlier question in other words: what followed it gives way. */
  async askAgain({ question, text }, personalData = "") {
    if (this.streaming() || !(await this.mayAsk())) {
      question.edit(text);
      return;
    }
    const versions = question.data.versions ?? [question.data.id];
    const url = `${this.base}m/${question.data.id}/edit/`;
    const after = [...this.thread.children].slice([...this.thread.children].indexOf(question));
    for (const element of after) element.remove();
    const turn = this.add(text, question.restriction);
    turn.question.data.versions = versions;
    turn.answer.focusHeading();
    const body = { question: text, model: this.model, personal_data: personalData };
    const held = await this.request(turn, url, body);
    if (turn.answer.data.id) {
      question.draft.text = "";
      return;
    }
    this.restoreTurns(turn, after);
    question.edit(text);
    if (held) {
      this.composer.held.show(held, (decision) => {
        question.close();
        this.askAgain({ question, text: question.field.value.trim() }, decision);
      });
    }
  }

  /** Have the same question answered once more, perhaps by another model. */
  async answerAgain({ answer, model, allDocuments = false }, personalData = "") {
    if (this.streaming()) return;
    if (!answer.data.id) {
      const text = answer.previousElementSibling.querySelector("[data-text]").textContent;
      answer.previousElementSibling.remove();
      answer.remove();
      this.composer.focusField();
      await this.ask(text);
      return;
    }
    const again = this.clone("answer");
    const after = [...this.thread.children].slice([...this.thread.children].indexOf(answer));
    for (const element of after) element.remove();
    this.thread.append(again);
    this.place.begin(again.previousElementSibling, again, this.composer);
    again.focusHeading();
    again.data.versions = [...(answer.data.versions ?? [answer.data.id])];
    const url = `${this.base}m/${answer.data.id}/regenerate/`;
    const body = {
      model: model ?? this.model,
      personal_data: personalData,
      all_documents: allDocuments,
    };
    const held = await this.request({ answer: again }, url, body);
    if (again.data.id) return;
    this.restoreTurns({ answer: again }, after);
    answer.querySelector("[data-action=regenerate]").focus();
    if (held) {
      this.composer.held.show(held, (decision) =>
        this.answerAgain({ answer, model, allDocuments }, decision),
      );
    }
  }

  restoreTurns(turn, elements) {
    turn.question?.remove();
    turn.answer.remove();
    this.thread.append(...elements);
  }

  /**
   * Ask the server; returns the error of a question that is held for its personal data.
   *
   * @param {{ question?: HTMLElementTagNameMap["chat-question"], answer: HTMLElementTagNameMap["chat-answer"] }} turn
   * @param {string} url
   * @param {object} body
   * @returns {Promise<import("../shared/http.js").RequestError | null>}
   */
  async request({ question, answer }, url, body) {
    this.composer.busy = true;
    let asked;
    let events = null;
    try {
      const response = await postForEvents(url, body);
      if (isEventStream(response)) {
        events = eventsOf(response);
        asked = await firstOf(events);
      } else {
        asked = await response.json();
      }
    } catch (error) {
      this.composer.busy = false;
      answer.remove();
      if (error.code === "personal_data") {
        this.composer.accept();
        return error;
      }
      this.composer.refuse(error);
      return null;
    }
    this.composer.accept();
    question?.data.versions?.push(asked.question_id);
    question?.begin(asked.question_id, asked.question);
    answer.data.versions?.push(asked.answer_id);
    answer.begin(asked.answer_id, events);
    this.arrive(asked);
    return null;
  }

  /** The first question gives the page its address and its title. */
  arrive({ conversation_id: id, conversation_url: url, title }) {
    document.title = document.title.replace(/^.*(?= · [^·]*$)/, () => title);
    document.querySelector("[data-conversation-title]").textContent = title;
    if (this.dataset.conversation !== id) {
      this.dataset.conversation = id;
      history.pushState({}, "", url);
      shownPath = location.pathname;
      this.temporary.begin(url);
      document.querySelector(".sidebar-link[aria-current]")?.removeAttribute("aria-current");
    }
    // To continue an archived conversation restores it.
    this.querySelector("[data-archived]")?.remove();
    document.querySelector("conversation-list")?.refresh();
  }

  async stop() {
    if (this.querySelector("chat-attachments")?.endWait(false)) return;
    const answer = this.streaming();
    if (!answer?.data.id) return;
    try {
      await postJSON(`${this.base}m/${answer.data.id}/stop/`);
    } catch (error) {
      this.composer.refuse(error);
    }
  }

  ended() {
    this.composer.busy = Boolean(this.streaming());
    if (!this.composer.busy) showFollowUps(this.followUps, this.base, this.lastOf("chat-answer"));
  }
}

function headingOf(title) {
  const heading = document.createElement("h1");
  heading.className = "visually-hidden";
  heading.textContent = title;
  return heading;
}

function openLayer() {
  return document.querySelector("dialog[open], [popover]:popover-open");
}

// Going back to an address that a script wrote needs the page that belongs to it; a move within
// the page, such as the skip link's, does not.
let shownPath = location.pathname;
window.addEventListener("popstate", () => {
  if (location.pathname !== shownPath) location.reload();
});

customElements.define("chat-app", ChatApp);
