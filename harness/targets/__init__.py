"""Backends that are not on the bench: how they are described, started, led in time, and asked."""
