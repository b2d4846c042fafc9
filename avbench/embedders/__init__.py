"""The frozen networks that metrics of generated sound look through."""
