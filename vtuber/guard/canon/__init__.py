"""What canon affirms, and whether a sentence goes against it, by words alone."""
