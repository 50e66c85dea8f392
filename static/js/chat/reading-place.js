/*
 * Where the reader is. A new question comes to the top and its answer fills the room below, so that
 * nothing moves while one reads; a button leads to the end when it lies below.
 */

const NEAR_PX = 64;
const MARGIN_PX = 16;

export class ReadingPlace {
  constructor(box, content, button) {
    this.box = box;
    this.button = button;
    this.box.addEventListener("scroll", () => this.draw(), { passive: true });
    this.button.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.draw()).observe(content);
  }

  /** Bring a new question to the top of the box, above `foot`, and make room for its answer. */
  begin(question, answer, foot) {
    this.roomy?.style.removeProperty("min-height");
    this.roomy = answer;
    const room = this.box.clientHeight - question.offsetHeight - foot.offsetHeight;
    answer.style.minHeight = `${Math.max(0, room - 2 * NEAR_PX)}px`;
    const offset = question.getBoundingClientRect().top - this.box.getBoundingClientRect().top;
    this.box.scrollTop += offset - MARGIN_PX;
  }

  /**
   * Where the page opens: a conversation at its end, the welcome at its start. `drawn` resolves when
   * the answers have their last height: the end is then elsewhere, unless the reader has left it.
   */
  open(welcome, drawn) {
    if (welcome) {
      this.box.scrollTop = 0;
      this.draw();
      return;
    }
    this.toEnd();
    const { scrollTop } = this.box;
    drawn.then(() => {
      if (this.box.scrollTop === scrollTop && !this.roomy) this.toEnd();
    });
  }

  /** Go to the last line. */
  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.draw();
  }

  draw() {
    const below = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
    this.button.hidden = below < NEAR_PX;
  }
}
