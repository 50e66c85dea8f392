/* The page of a person's conversations. */
import "./base.js";
import "../shared/tick-all.js";
