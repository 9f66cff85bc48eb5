"""Whether she is who she is: her name, what she is, and the model that plays her."""
