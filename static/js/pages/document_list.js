/* The documents' page. */
import "../documents/document-list.js";
import "../documents/document-uploads.js";
