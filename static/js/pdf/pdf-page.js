/*
 * <pdf-page src page highlight zoom label failed>: one page of a PDF, drawn by PDF.js, with boxes
 * over the words of `highlight`. `zoom` 1 fits the width; `label` names the drawing, `failed` is
 * what to say when there is none. Fires pdf-ready {pages} and pdf-error.
 */
import * as pdfjs from "pdfjs";
import { boxesOf } from "./boxes.js";

const MAX_PIXELS = 16e6;
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

class PdfPage extends HTMLElement {
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
      await this.paint(page, width);
      if (this.turn !== turn) return;
      await this.box(page);
      this.toggleAttribute("ready", true);
      this.fire("pdf-ready", { pages: file.numPages });
    } catch (error) {
      if (this.turn !== turn || error.name === "RenderingCancelledException") return;
      this.fail();
      this.fire("pdf-error", { message: error.message });
    }
  }

  async paint(page, width) {
    const zoom = Number(this.getAttribute("zoom") ?? 1);
    const natural = page.getViewport({ scale: 1 });
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

  async box(page) {
    const words = this.getAttribute("highlight");
    if (!words) return;
    const text = await page.getTextContent();
    const { width, height } = this.viewport;
    const marks = boxesOf(text.items, words, this.viewport).map((box) => {
      const mark = document.createElement("div");
      mark.className = "pdf-mark";
      mark.style.left = `${(100 * box.left) / width}%`;
      mark.style.top = `${(100 * box.top) / height}%`;
      mark.style.width = `${(100 * box.width) / width}%`;
      mark.style.height = `${(100 * box.height) / height}%`;
      return mark;
    });
    this.sheet.append(...marks);
    marks[0]?.scrollIntoView({ block: "nearest", inline: "nearest" });
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

customElements.define("pdf-page", PdfPage);
