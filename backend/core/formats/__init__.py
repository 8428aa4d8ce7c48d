"""File formats, one file each: write, and read back."""
