"""Sounds made for whole videos, to be heard and watched."""
