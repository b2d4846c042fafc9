"""What is on disk: the media files of a tree and what each holds, in one table."""
