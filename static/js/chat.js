/* The conversation page. */
import "./chat-answer.js";
import "./chat-composer.js";
import "./chat-question.js";
import "./citation-panel.js";
import "./document-restriction.js";
import "./model-picker.js";
// Last: it speaks to all the others as soon as it is connected.
import "./chat-app.js";
