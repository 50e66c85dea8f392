/*
 * Files that this browser had not sent whole when the page was left. A browser does not give a page
 * a file again: people choose it once more, and it continues where it was.
 */
import { csrfToken, getJSON } from "../../shared/http.js";
import { t } from "../../shared/strings.js";
import { percentage } from "../numbers.js";

// Of tus-js-client, which keeps the addresses of uploads.
const PREFIX = "tus::";
const ASKED = 20;

/** Show in `notice` what was not sent whole to `endpoint`, if anything. */
export async function showUnfinished(notice, endpoint) {
  const found = await unfinished(endpoint);
  notice.hidden = !found.length;
  if (!found.length) return;
  const list = notice.querySelector("[data-unfinished-list]");
  list.replaceChildren(
    ...found.map(({ name, sent }) => {
      const line = document.createElement("li");
      line.dir = "auto";
      line.textContent = `${name}: ${t("sending", { percent: percentage(sent) })}`;
      return line;
    }),
  );
  notice.querySelector("[data-forget]").onclick = async () => {
    await Promise.all(found.map(forget));
    notice.hidden = true;
  };
}

async function unfinished(endpoint) {
  const address = new URL(endpoint, location.href).href;
  const kept = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const found = await Promise.all(
    kept.slice(0, ASKED).map(async (key) => {
      const { uploadUrl = "" } = JSON.parse(localStorage.getItem(key) ?? "{}");
      if (!uploadUrl.startsWith(address)) return null;
      try {
        const {
          name,
          outcome,
          offset_bytes: offset,
          length_bytes: length,
        } = await getJSON(uploadUrl);
        if (outcome === "receiving") {
          return { key, url: uploadUrl, name, sent: Math.floor((100 * offset) / length) };
        }
      } catch (error) {
        if (error.status !== 404) return null;
      }
      localStorage.removeItem(key);
      return null;
    }),
  );
  return found.filter(Boolean);
}

async function forget({ key, url }) {
  localStorage.removeItem(key);
  const headers = { "Tus-Resumable": "1.0.0", "X-CSRFToken": csrfToken() };
  await fetch(url, { method: "DELETE", headers }).catch(() => null);
}
