"""What the guard looks for: one detector a file."""
