"""What a benchmark asks for, read from the files that its authors distribute."""
