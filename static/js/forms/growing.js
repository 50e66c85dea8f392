/* A textarea as high as its text, up to the height that CSS allows. */

/** Make `field` grow as one types; browsers that size it themselves are left alone. */
export function growing(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.addEventListener("input", () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  });
}
