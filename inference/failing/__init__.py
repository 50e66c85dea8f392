"""Models that have failed since their last answer: found, and told to those who can mend them."""
