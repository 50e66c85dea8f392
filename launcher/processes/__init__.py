"""Running programs: as which account, supervised, logged, stopped."""
