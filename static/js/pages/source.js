/* A source of documents. */
import "./base.js";
import "../evaluation/run-progress.js";
