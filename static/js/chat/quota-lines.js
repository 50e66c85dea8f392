/*
 * <quota-lines>: what is used of the quotas, above the composer; read again when an answer has
 * ended, as its cost is known then.
 */
import { getHTML } from "../shared/http.js";
import { showLocalTimes } from "../shared/local-time.js";

class QuotaLines extends HTMLElement {
  connectedCallback() {
    document.addEventListener("answer-ended", this);
  }

  disconnectedCallback() {
    document.removeEventListener("answer-ended", this);
  }

  async handleEvent() {
    try {
      this.innerHTML = await getHTML(this.dataset.url);
    } catch {
      // What is shown stays; the next question says what is wrong.
      return;
    }
    showLocalTimes(this);
  }
}

customElements.define("quota-lines", QuotaLines);
