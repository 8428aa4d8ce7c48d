"""What a kilowatt hour goes through; no I/O, no await, no clock, no chance."""
