"""The Etrel INCH."""
