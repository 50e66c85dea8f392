/* A conversation that its readers cannot change. */
import "./base.js";
import "../chat/answers/chat-answer.js";
import "../chat/citation-panel.js";
import "../recordings/recording-player.js";
