/* The conversation page. */
import "./chat-answer.js";
import "./chat-app.js";
import "./chat-composer.js";
import "./chat-question.js";
import "./citation-panel.js";
import "./document-restriction.js";
import "./model-picker.js";
