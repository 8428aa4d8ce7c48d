"""The sentences of the scenarios, one file a noun."""
