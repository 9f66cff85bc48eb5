"""What of a prompt is recited, in whatever form."""
