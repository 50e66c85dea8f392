/* The files that are sent, thousands of them: their states, their order, their folders. */

const OVER = new Set(["sent", "duplicate", "failed"]);

/** Whether nothing more happens to a file by itself. */
export function isOver(item) {
  return OVER.has(item.state);
}

/** The folder of a drop to which a file belongs; "" for none. */
export function topFolder(item) {
  return item.folder.split("/", 1)[0];
}

export class UploadQueue {
  constructor() {
    this.clear();
  }

  clear() {
    this.items = [];
    this.isPaused = false;
    this.pausedFolders = new Set();
  }

  /** The files that wait or are under way. */
  pending() {
    return this.items.filter((item) => !isOver(item));
  }

  /** The files under way. */
  active() {
    return this.items.filter((item) => item.state === "sending");
  }

  /** The next `n` files to send: those that come first, then in their order; none that is paused. */
  next(n) {
    if (this.isPaused || n <= 0) return [];
    const found = [];
    let isFirst = false;
    for (const item of this.items) {
      if (item.state !== "waiting" || this.pausedFolders.has(topFolder(item))) continue;
      if (item.first && !isFirst) {
        isFirst = true;
        found.length = 0;
      }
      if (item.first === isFirst && found.length < n) found.push(item);
      if (isFirst && found.length === n) break;
    }
    return found;
  }

  /** Whether something waits that may be sent. */
  get hasWork() {
    return this.active().length > 0 || this.next(1).length > 0;
  }

  /** Take files off the list, and return them. */
  remove(belongs) {
    const removed = this.items.filter(belongs);
    this.items = this.items.filter((item) => !belongs(item));
    return removed;
  }

  /** Numbers of all files, in one pass. */
  figures() {
    const figures = { pending: 0, sent: 0, duplicate: 0, failed: 0, again: 0, bytes: 0, done: 0 };
    for (const item of this.items) {
      if (isOver(item)) figures[item.state] += 1;
      else figures.pending += 1;
      if (item.again) figures.again += 1;
      figures.bytes += item.file.size;
      figures.done += item.sent;
    }
    return figures;
  }

  /** The folders that were dropped, each with its numbers. */
  folders() {
    const folders = new Map();
    for (const item of this.items) {
      const name = topFolder(item);
      if (!name) continue;
      if (!folders.has(name)) {
        const isPaused = this.pausedFolders.has(name);
        folders.set(name, {
          name,
          total: 0,
          done: 0,
          failed: 0,
          pending: 0,
          isPaused,
          first: false,
        });
      }
      const folder = folders.get(name);
      folder.total += 1;
      if (item.state === "failed") folder.failed += 1;
      else if (isOver(item)) folder.done += 1;
      else {
        folder.pending += 1;
        folder.first ||= item.first;
      }
    }
    return [...folders.values()];
  }
}
