/* Questions that are made for the reader: to begin with, and to go on with under the last answer. */
import { targetOf } from "../shared/event-target.js";
import { getHTML, RequestError } from "../shared/http.js";

/** Ask the question of a button with data-example that is pressed, unless an answer is written. */
export function askExamples(app, ask) {
  app.addEventListener("click", (event) => {
    const example = targetOf(event, "[data-example]");
    if (!example) return;
    event.preventDefault();
    if (!app.composer.busy) ask(example.textContent.trim());
  });
}

/**
 * Show in `place` the questions that the server suggests under an answer that has ended.
 *
 * @param {HTMLElement} place
 * @param {string} base
 * @param {HTMLElementTagNameMap["chat-answer"] | undefined} answer
 */
export async function showFollowUps(place, base, answer) {
  const { id } = answer?.data ?? {};
  if (!id) return;
  try {
    const html = await getHTML(`${base}m/${id}/follow-ups/`);
    // Another question may have been asked meanwhile.
    if (answer.isConnected && answer.parentElement.lastElementChild === answer) {
      answer.append(place);
      place.innerHTML = html;
    }
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
  }
}
