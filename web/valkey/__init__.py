"""What is kept in Valkey for all processes: the cache, and messages between web processes."""
