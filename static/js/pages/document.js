/* A document: its pages and passages. */
import "./base.js";
import "../documents/document-uploads.js";
import "../documents/document-viewer.js";
import "../recordings/recording-player.js";
