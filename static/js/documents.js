/* The documents' page. */
import "./documents-list.js";
import "./documents-uploads.js";
