/*
 * <recording-player start>: a recording that begins at a second. Without this script the browser's own
 * controls begin there, too. It adds the button that plays from there, shows what is said under a
 * sound, and says when the browser cannot play the file.
 */
class RecordingPlayer extends HTMLElement {
  static observedAttributes = ["start"];

  connectedCallback() {
    if (this.media) return;
    /** @type {HTMLMediaElement} */
    this.media = this.querySelector(".player-media");
    this.button = this.querySelector("[data-play]");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.play());
    this.media.addEventListener("error", () => this.failed());
    this.media.addEventListener("loadedmetadata", () => this.loaded());
    if (this.media.error) this.failed();
    if (this.media.readyState > 0) this.loaded();
    this.showCaptions();
  }

  get start() {
    return Number(this.getAttribute("start")) || 0;
  }

  /** Another page: go to what is said there, unless somebody is listening. */
  attributeChangedCallback(_name, before) {
    if (!this.media || before === null) return;
    this.querySelector("[data-start]").textContent = timeOf(this.start);
    if (this.media.paused) this.media.currentTime = this.start;
  }

  async play() {
    this.media.currentTime = this.start;
    try {
      await this.media.play();
    } catch (error) {
      if (error.name === "NotSupportedError") this.failed();
    }
  }

  /** A film without pictures is shown as a sound. */
  loaded() {
    const { media } = this;
    if (media instanceof HTMLVideoElement)
      media.classList.toggle("player-sound", !media.videoWidth);
    if (!media.currentTime && this.start) media.currentTime = this.start;
  }

  failed() {
    this.querySelector("[data-failed]").hidden = false;
    this.button.hidden = true;
  }

  /** Browsers show captions on films only. */
  showCaptions() {
    const line = this.querySelector("[data-caption]");
    const track = this.querySelector("track")?.track;
    if (!line || !track) return;
    track.mode = "hidden";
    track.addEventListener("cuechange", () => {
      const cues = /** @type {VTTCue[]} */ ([...(track.activeCues ?? [])]);
      line.textContent = cues.map((cue) => cue.text).join(" ");
      line.hidden = !line.textContent;
    });
  }
}

/**
 * A moment as players show it: "1:02:03".
 *
 * @param {number} seconds
 */
function timeOf(seconds) {
  const pair = (number) => String(number).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${pair(Math.floor(seconds / 60) % 60)}:${pair(seconds % 60)}`;
}

customElements.define("recording-player", RecordingPlayer);
