"""Whether she is who she is: her name, and that she is no human being."""
