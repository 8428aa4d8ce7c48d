"""The bench: the only room that knows both sides."""
