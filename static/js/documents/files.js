/* Files out of a drop or a file picker, folders walked through, and what is refused at once. */
import { t } from "../shared/strings.js";

// What systems leave in folders, and no person means to add.
const JUNK = /^(\.|~\$|thumbs\.db$|desktop\.ini$|__macosx$)/i;
const UNREADABLE_TYPE = /^(image|video|audio|font)\//;
// Of these types, what is read by OCR or transcribed (ingestion/parsing/media_types.py).
const READ =
  /\.(png|jpe?g|tiff?|webp|gif|bmp|mp3|m4[abv]|wav|og[gav]|opus|flac|mp4|mov|web[ma]|mk[va])$/i;
const UNREADABLE_NAME = /\.(rar|iso|exe|dll|msi|dmg|apk|bin|db|sqlite)$/i;

/** What was picked or dropped: a file and the folder it came from, without the junk. */
export function fromInput(input) {
  return [...input.files]
    .map((file) => ({ file, folder: folderOf(file.webkitRelativePath) }))
    .filter(({ file, folder }) => !isJunk(file.name, folder));
}

/** The same for a drop; folders are read through, so the answer is a promise. */
export async function fromDrop(transfer) {
  // Entries must be taken before the first await: the list is emptied when the event ends.
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())
    .filter(Boolean);
  const found = [];
  for (const entry of entries) await collect(entry, "", found);
  return found;
}

/** Why a file need not be sent at all, in words; "" when it may be read. */
export function refusal(file, maxBytes, limit) {
  if (file.size > maxBytes) return t("tooLarge", { limit });
  if (file.size === 0) return t("empty");
  const isOfNoUse = UNREADABLE_TYPE.test(file.type) && !READ.test(file.name);
  if (isOfNoUse || UNREADABLE_NAME.test(file.name)) return t("unreadable");
  return "";
}

async function collect(entry, folder, found) {
  if (entry instanceof File) {
    found.push({ file: entry, folder });
  } else if (JUNK.test(entry.name)) {
    return;
  } else if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, folder });
  } else {
    const inside = folder ? `${folder}/${entry.name}` : entry.name;
    for (const child of await children(entry)) await collect(child, inside, found);
  }
}

async function children(directory) {
  const reader = directory.createReader();
  const all = [];
  for (;;) {
    // A browser hands out at most a hundred entries at a time.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return all;
    all.push(...some);
  }
}

function folderOf(path) {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function isJunk(name, folder) {
  return [...folder.split("/"), name].some((part) => JUNK.test(part));
}
