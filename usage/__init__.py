"""The cost of answers, and limits on questions."""
