/*
 * <pdf-page src page highlight zoom label failed>: one page of a PDF, drawn by PDF.js, with boxes
 * over the words of `highlight`, which are brought into view. `zoom` 1 fits the width; without it
 * the page is as large as its highlighted words need to be readable. `label` names the drawing,
 * `failed` is what to say when there is none. Fires pdf-ready {pages} and pdf-error.
 */
import * as pdfjs from "pdfjs";
import { boxesOf } from "./boxes.js";

const MAX_PIXELS = 16e6;
// Height of a line of highlighted words, in CSS pixels, below which the page is enlarged to it.
const READABLE_LINE = 15;
const MAX_FITTED_ZOOM = 4;
const files = new Map();

pdfjs.GlobalWorkerOptions.workerSrc = import.meta.resolve("pdfjs-worker");

function open(src) {
  if (!files.has(src)) {
    const assets = import.meta.resolve("pdfjs-assets/");
    const task = pdfjs.getDocument({
      url: src,
      cMapUrl: `${assets}cmaps/`,
      iccUrl: `${assets}iccs/`,
      standardFontDataUrl: `${assets}standard_fonts/`,
      wasmUrl: `${assets}wasm/`,
      disableAutoFetch: true,
      disableStream: true,
    });
    task.promise.catch(() => files.delete(src));
    files.set(src, task.promise);
  }
  return files.get(src);
}

export class PdfPage extends HTMLElement {
  /** The zoom that the page is drawn at. */
  shownZoom = 1;

  static observedAttributes = ["src", "page", "highlight", "zoom"];

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
    this.task?.cancel();
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
    this.task?.cancel();
    try {
      const file = await open(new URL(this.getAttribute("src"), location.href).href);
      const page = await file.getPage(Number(this.getAttribute("page") ?? 1));
      if (this.turn !== turn) return;
      const words = this.getAttribute("highlight");
      const { items } = words ? await page.getTextContent() : { items: [] };
      if (this.turn !== turn) return;
      await this.paint(page, width, items);
      if (this.turn !== turn) return;
      this.box(items);
      this.toggleAttribute("ready", true);
      this.fire("pdf-ready", { pages: file.numPages });
    } catch (error) {
      if (this.turn !== turn || error.name === "RenderingCancelledException") return;
      this.fail();
      this.fire("pdf-error", { message: error.message });
    }
  }

  async paint(page, width, items) {
    const natural = page.getViewport({ scale: 1 });
    const fitted = fittedZoom(
      boxesOf(items, this.getAttribute("highlight") ?? "", natural),
      width / natural.width,
    );
    const zoom = Number(this.getAttribute("zoom") ?? fitted);
    this.shownZoom = zoom;
    const scale = (width / natural.width) * zoom;
    this.viewport = page.getViewport({ scale });
    const sharp = Math.min(
      window.devicePixelRatio || 1,
      Math.sqrt(MAX_PIXELS / (this.viewport.width * this.viewport.height)),
    );
    const canvas = document.createElement("canvas");
    canvas.width = Math.floor(this.viewport.width * sharp);
    canvas.height = Math.floor(this.viewport.height * sharp);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", this.getAttribute("label") ?? "");
    this.sheet.style.width = `${this.viewport.width}px`;
    this.sheet.style.aspectRatio = `${natural.width} / ${natural.height}`;
    this.task = page.render({
      canvas,
      viewport: page.getViewport({ scale: scale * sharp }),
    });
    await this.task.promise;
    this.sheet.replaceChildren(canvas);
  }

  box(items) {
    const { width, height } = this.viewport;
    const boxes = boxesOf(items, this.getAttribute("highlight") ?? "", this.viewport);
    const marks = boxes.map((box) => {
      const mark = document.createElement("div");
      mark.className = "pdf-mark";
      mark.style.left = `${(100 * box.left) / width}%`;
      mark.style.top = `${(100 * box.top) / height}%`;
      mark.style.width = `${(100 * box.width) / width}%`;
      mark.style.height = `${(100 * box.height) / height}%`;
      return mark;
    });
    this.sheet.append(...marks);
    this.showWords(boxes);
  }

  /** Scroll to the first highlighted words: this element sideways, its surroundings down. */
  showWords(boxes) {
    const [first] = boxes;
    if (!first) return;
    this.scrollLeft = first.left + first.width < this.clientWidth ? 0 : first.left - 16;
    this.querySelector(".pdf-mark").scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  fail() {
    const line = document.createElement("p");
    line.className = "pdf-failed";
    line.textContent = this.getAttribute("failed") ?? "";
    this.sheet.removeAttribute("style");
    this.sheet.replaceChildren(line);
  }

  fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

/** The zoom at which words in these boxes are readable, on a page drawn at `scale` for zoom 1. */
export function fittedZoom(boxes, scale) {
  if (!boxes.length) return 1;
  const heights = boxes.map(({ height }) => height).sort((one, other) => one - other);
  const line = heights[Math.floor(heights.length / 2)] * scale;
  return Math.min(MAX_FITTED_ZOOM, Math.max(1, READABLE_LINE / line));
}

customElements.define("pdf-page", PdfPage);
