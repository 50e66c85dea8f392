/* The part of highlight.js that we call; its build for browsers comes without types. */

declare const highlighter: {
  getLanguage(name: string): object | undefined;
  highlight(
    code: string,
    options: { language: string; ignoreIllegals: boolean },
  ): { value: string };
};
export default highlighter;
