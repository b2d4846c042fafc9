"""What there is to evaluate on: clips that are listed, found in a folder or a tar, or made."""
