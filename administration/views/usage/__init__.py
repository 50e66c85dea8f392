"""Pages of usage: dashboards, their exports, statements."""
