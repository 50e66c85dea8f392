/* The inspection of a question. */
import "./base.js";
import "../evaluation/markdown-text.js";
