"""`isebench certify`: a charger that is not ours is put under test, in real time."""
