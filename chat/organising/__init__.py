"""How people put their conversations in order: pinned, archived, in folders."""
