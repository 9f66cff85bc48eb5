"""What a model writes becomes pieces, each of which is spoken in one go."""
