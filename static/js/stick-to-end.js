/* Keeps a scrolling box at its end while its content grows, unless the reader has scrolled away. */

const NEAR_PX = 80;

/** Watch `content` in `box`; `go()` scrolls to the end and stays there. */
export function stickToEnd(box, content) {
  let stuck = true;
  let last = box.scrollTop;
  box.addEventListener(
    "scroll",
    () => {
      const distance = box.scrollHeight - box.scrollTop - box.clientHeight;
      if (box.scrollTop < last - 1) stuck = false;
      if (distance < NEAR_PX) stuck = true;
      last = box.scrollTop;
    },
    { passive: true },
  );
  const go = () => {
    stuck = true;
    box.scrollTop = box.scrollHeight;
  };
  new ResizeObserver(() => stuck && go()).observe(content);
  return { go };
}
