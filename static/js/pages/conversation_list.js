/* The page of a person's conversations. */
import "./base.js";
import "../forms/tick-all.js";
