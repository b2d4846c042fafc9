"""A run as a page to look at and to listen to."""
