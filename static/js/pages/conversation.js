/* The conversation page. */
import "./base.js";
import "../chat/answers/chat-answer.js";
import "../chat/attachments/chat-attachments.js";
import "../chat/chat-composer.js";
import "../chat/chat-question.js";
import "../chat/citation-panel.js";
import "../chat/document-restriction.js";
import "../chat/model-picker.js";
import "../chat/quota-lines.js";
import "../documents/document-uploads.js";
import "../chat/reading-aloud/read-aloud.js";
import "../recordings/recording-player.js";
// Last: it speaks to all the others as soon as it is connected.
import "../chat/chat-app.js";
