"""Synchformer: how far sound and picture are apart, and DeSync, the score of generated sound by it."""
