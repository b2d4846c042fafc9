"""What models train on: clips rendered, decoded ahead of training, or decoded while it goes on."""
