/* A run of golden questions. */
import "./base.js";
import "../evaluation/markdown-text.js";
import "../evaluation/run-progress.js";
