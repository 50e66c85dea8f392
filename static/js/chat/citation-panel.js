/*
 * <citation-panel>: the passage behind a mark, in its context, beside the answer; a sheet over it
 * where there is no room. A click on anything with data-citation inside an answer opens it.
 */
import { targetOf } from "../shared/event-target.js";
import { getHTML } from "../shared/http.js";
import { showProblem } from "../shared/problem.js";
import { t } from "../shared/strings.js";
import { showFile } from "./answers/source-line.js";

const NARROW = matchMedia("(max-width: 1179px)");

class CitationPanel extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.heading = this.querySelector("[data-heading]");
    this.body = this.querySelector("[data-body]");
    document.addEventListener("click", (event) => {
      const mark = targetOf(event, "[data-citation]");
      const answer = mark?.closest("chat-answer");
      if (answer) this.open(answer, Number(mark.dataset.citation), mark);
    });
    this.addEventListener("click", (event) => this.clicked(event));
    this.dialog.addEventListener("close", () => this.closed());
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.dialog.matches(":modal")) return;
      event.preventDefault();
      this.dialog.close();
    });
  }

  open(answer, number, mark) {
    if (mark) this.mark = mark;
    this.answer = answer;
    this.number = number;
    const { used } = answer.data;
    this.numbers = used.includes(number) ? used : answer.data.citations.map((one) => one.number);
    if (!this.dialog.open) {
      if (NARROW.matches) this.dialog.showModal();
      else this.dialog.show();
    }
    this.draw();
    this.heading.focus();
    this.load();
  }

  draw() {
    const citation = this.answer.numbered().get(this.number);
    this.querySelector("[data-source]").textContent = t("source", { number: this.number });
    this.querySelector("[data-place]").textContent = citation.place;
    this.querySelector("[data-document]").textContent = citation.title;
    showFile(this.querySelector("[data-file]"), citation);
    const place = this.numbers.indexOf(this.number);
    this.step(-1).disabled = place <= 0;
    this.step(1).disabled = place === this.numbers.length - 1;
    for (const mark of document.querySelectorAll("[data-citation]")) {
      const current =
        mark.closest("chat-answer") === this.answer &&
        Number(mark.dataset.citation) === this.number;
      mark.toggleAttribute("data-current", current);
    }
  }

  /**
   * The button that leads to the passage before (-1) or after (1).
   *
   * @param {number} direction
   * @returns {HTMLButtonElement}
   */
  step(direction) {
    return this.querySelector(`[data-step="${direction}"]`);
  }

  /**
   * @param {string} name
   * @returns {HTMLTemplateElement}
   */
  template(name) {
    return this.querySelector(`template[data-${name}]`);
  }

  async load() {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    const { base } = this.answer.dataset;
    const waiting = this.template("waiting").content.cloneNode(true);
    this.body.replaceChildren(waiting);
    this.body.setAttribute("aria-busy", "true");
    const problem = this.querySelector("[data-problem]");
    problem.hidden = true;
    let html = "";
    try {
      html = await getHTML(`${base}m/${this.answer.data.id}/citations/${this.number}/`, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 404) html = this.template("gone").innerHTML;
      else showProblem(problem, error);
    }
    this.body.innerHTML = html;
    this.body.removeAttribute("aria-busy");
    this.body.scrollTop = 0;
    this.body.querySelector(".passage mark")?.scrollIntoView({ block: "center" });
    if (this.body.querySelector("pdf-page")) await import("../pdf/pdf-page.js");
  }

  clicked(event) {
    const step = targetOf(event, "[data-step]");
    if (step) {
      const next = this.numbers[this.numbers.indexOf(this.number) + Number(step.dataset.step)];
      this.open(this.answer, next);
      return;
    }
    const zoom = targetOf(event, "[data-zoom]");
    if (zoom) {
      const page = this.querySelector("pdf-page");
      const now = page.shownZoom;
      page.setAttribute("zoom", String(Math.min(4, Math.max(1, now + Number(zoom.dataset.zoom)))));
    }
  }

  closed() {
    for (const mark of document.querySelectorAll("[data-current]")) {
      mark.removeAttribute("data-current");
    }
    this.mark?.focus();
  }
}

customElements.define("citation-panel", CitationPanel);
