/* The choice of an institution. */
import "./base.js";
import "../accounts/institution-search.js";
