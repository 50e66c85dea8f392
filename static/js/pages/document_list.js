/* The documents' page. */
import "./base.js";
import "../documents/document-list.js";
import "../documents/document-uploads.js";
