"""The utility's servers."""
