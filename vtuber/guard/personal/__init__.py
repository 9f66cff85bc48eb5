"""What tells who a person is, where they live and how they are reached: each kind in a file of its own."""
