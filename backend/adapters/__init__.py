"""The wires, the store and the clock, one file each."""
