/* <error-contacts>: on an error page, whom to ask, in place of the link to the page that says so. */
import { getHTML, RequestError } from "../shared/http.js";

class ErrorContacts extends HTMLElement {
  async connectedCallback() {
    const link = this.querySelector("a");
    try {
      const list = await getHTML(this.dataset.url);
      if (link !== document.activeElement) this.innerHTML = list;
    } catch (error) {
      // What failed for the page may fail for this; the link stays.
      if (!(error instanceof RequestError)) throw error;
    }
  }
}

customElements.define("error-contacts", ErrorContacts);
