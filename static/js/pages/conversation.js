/* The conversation page. */
import "./base.js";
import "../chat/answers/chat-answer.js";
import "../chat/chat-composer.js";
import "../chat/chat-question.js";
import "../chat/citation-panel.js";
import "../chat/document-restriction.js";
import "../chat/model-picker.js";
import "../chat/quota-lines.js";
import "../documents/document-uploads.js";
// Last: it speaks to all the others as soon as it is connected.
import "../chat/chat-app.js";
