/* What is pasted into the question: files and long texts are attached. */
import { t } from "../../shared/strings.js";

// More than a question: two pages.
const LONG_CHARS = 4000;

/**
 * Attach files and long texts that are pasted into `field`; `offer` (a paragraph with a button)
 * offers to insert the last text as it is.
 *
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} offer
 * @param {{ add: (files: File[]) => void, takeBack: (file: File) => void }} attachments
 */
export function onLargePaste(field, offer, attachments) {
  let pasted = { text: "", file: null };
  const button = offer.querySelector("button");
  field.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    const text = event.clipboardData.getData("text/plain");
    // Word processors give a picture of the text beside it.
    if (files.length && !text) {
      event.preventDefault();
      attachments.add(files);
    } else if (text.length > LONG_CHARS) {
      event.preventDefault();
      const file = new File([text], nameOf(text), { type: "text/plain" });
      pasted = { text, file };
      offer.hidden = false;
      button.hidden = field.value.length + text.length > field.maxLength;
      attachments.add([file]);
    }
  });
  button.addEventListener("click", () => {
    offer.hidden = true;
    attachments.takeBack(pasted.file);
    field.setRangeText(pasted.text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
    field.focus();
  });
}

/** A file name from the first words of a text. */
function nameOf(text) {
  const words = text
    .trim()
    .split(/\s+/, 6)
    .join(" ")
    .replace(/[\\/:*?"<>|]/g, " ");
  return `${t("pastedText")} – ${words.slice(0, 60).trim()}.txt`;
}
