/* A stream of the documents' events, closed while nobody looks: a browser has few connections. */

/** Calls `onListing` with what each event says. */
export class DocumentEvents {
  constructor(onListing) {
    this.onListing = onListing;
    document.addEventListener("visibilitychange", () => this.restart());
    window.addEventListener("pagehide", () => this.source?.close());
    window.addEventListener("pageshow", (event) => event.persisted && this.restart());
  }

  /** Listen to `url` from now on. */
  listen(url) {
    this.url = url;
    this.restart();
  }

  /** Connect again, which brings the state of now at once. */
  restart() {
    this.source?.close();
    if (!this.url || document.hidden) return;
    this.source = new EventSource(this.url);
    this.source.addEventListener("listing", (event) => this.onListing(JSON.parse(event.data)));
  }
}
