"""Heads over the frozen encoder: how late a sound is, and whether it belongs to the picture."""
