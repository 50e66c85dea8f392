/* Where the files that are sent stand, in words. */
import { t } from "../../shared/strings.js";
import { counted, formatted } from "../numbers.js";

/** What is said of a queue with these figures. */
export function summaryOf(queue, { pending, sent, duplicate, failed }) {
  const parts = [];
  if (pending) {
    const done = formatted(sent + duplicate);
    parts.push(counted("progress", queue.items.length - failed, { done }));
    if (queue.isPaused) parts.push(t("paused"));
  } else if (sent) parts.push(counted("finished", sent));
  if (duplicate) parts.push(counted("duplicates", duplicate));
  if (failed) parts.push(counted("problems", failed));
  return parts.join(" · ");
}
