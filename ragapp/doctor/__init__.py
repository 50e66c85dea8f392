"""What ``./manage doctor`` examines: each part that the site depends on, with what to do."""
