"""One file a revision; each says what it changes and how it is undone."""
