"""Documents that stay in step with something outside: sites, feeds, archives, folders."""
