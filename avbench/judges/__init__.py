"""Judges: what looks at a picture and listens to a sound made for it, and says how well they go together."""
