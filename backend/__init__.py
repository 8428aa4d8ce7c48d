"""The reference backend: from what a charger says to the file a utility bills from."""
