"""The devices at one end of the road and the utility's servers at the other."""
