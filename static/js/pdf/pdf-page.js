/*
 * <pdf-page src words highlight zoom label failed>: one page of a PDF, drawn by the server, with boxes
 * over the words of `highlight`, which are brought into view. `src` is the address of its picture,
 * `words` that of its words and their places. `zoom` 1 fits the width; without it the page is as large
 * as its highlighted words need to be readable. `label` names the drawing, `failed` is what to say
 * when there is none. Fires pdf-error.
 */
import { boxesOf } from "./boxes.js";

// Places are in ten-thousandths of the page (ingestion/parsing/drawn_pages.py).
const PARTS = 10000;
// Height of a line of highlighted words, in CSS pixels, below which the page is enlarged to it.
const READABLE_LINE = 15;
const MAX_FITTED_ZOOM = 4;

export class PdfPage extends HTMLElement {
  /** The zoom that the page is drawn at. */
  shownZoom = 1;

  static observedAttributes = ["src", "highlight", "zoom"];

  connectedCallback() {
    if (!this.sheet) {
      this.sheet = document.createElement("div");
      this.sheet.className = "pdf-sheet";
      this.replaceChildren(this.sheet);
    }
    this.observer = new ResizeObserver(() => this.schedule());
    this.observer.observe(this);
    this.schedule();
  }

  disconnectedCallback() {
    this.observer.disconnect();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.sheet) {
      this.width = null;
      this.schedule();
    }
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  async draw() {
    const width = this.clientWidth;
    if (!width || width === this.width) return;
    this.width = width;
    const turn = {};
    this.turn = turn;
    try {
      const { boxes, ratio } = await this.highlighted();
      if (this.turn !== turn) return;
      const fitted = fittedZoom(boxes, (width * ratio) / PARTS);
      const zoom = Number(this.getAttribute("zoom") ?? fitted);
      const picture = await this.picture(width * zoom);
      if (this.turn !== turn) return;
      this.shownZoom = zoom;
      this.show(picture, width * zoom);
      this.box(boxes);
    } catch {
      if (this.turn !== turn) return;
      this.fail();
      this.dispatchEvent(new CustomEvent("pdf-error", { bubbles: true }));
    }
  }

  /** The boxes over the highlighted words, and the height of the page for a width of 1. */
  async highlighted() {
    const quote = this.getAttribute("highlight");
    if (!quote) return { boxes: [], ratio: 1 };
    const url = this.getAttribute("words");
    if (this.wordsOf !== url) {
      // What this module shared with others would become a second script of every page.
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(`no words: ${response.status}`);
      this.words = await response.json();
    }
    this.wordsOf = url;
    return { boxes: boxesOf(this.words.words, quote), ratio: this.words.ratio };
  }

  /** The picture, loaded, for a page that is `width` CSS pixels wide. */
  async picture(width) {
    const pixels = Math.ceil(width * (window.devicePixelRatio || 1));
    const picture = new Image();
    picture.alt = this.getAttribute("label") ?? "";
    picture.src = `${this.getAttribute("src")}?width=${pixels}`;
    await picture.decode();
    return picture;
  }

  show(picture, width) {
    this.sheet.style.width = `${width}px`;
    this.sheet.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
    this.sheet.replaceChildren(picture);
    this.toggleAttribute("ready", true);
  }

  box(boxes) {
    const marks = boxes.map((box) => {
      const mark = document.createElement("div");
      mark.className = "pdf-mark";
      for (const [side, place] of Object.entries(box)) {
        mark.style[side] = `${(100 * place) / PARTS}%`;
      }
      return mark;
    });
    this.sheet.append(...marks);
    const [first] = marks;
    if (!first) return;
    // This element scrolls sideways, its surroundings down.
    const end = first.offsetLeft + first.offsetWidth;
    this.scrollLeft = end < this.clientWidth ? 0 : first.offsetLeft - 16;
    first.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  fail() {
    const line = document.createElement("p");
    line.className = "pdf-failed";
    line.textContent = this.getAttribute("failed") ?? "";
    this.sheet.removeAttribute("style");
    this.sheet.replaceChildren(line);
  }
}

/** The zoom at which words in these boxes are readable, where a part of the height is `scale` high. */
export function fittedZoom(boxes, scale) {
  if (!boxes.length) return 1;
  const heights = boxes.map(({ height }) => height).sort((one, other) => one - other);
  const line = heights[Math.floor(heights.length / 2)] * scale;
  return Math.min(MAX_FITTED_ZOOM, Math.max(1, READABLE_LINE / line));
}

customElements.define("pdf-page", PdfPage);
