"""The show itself: what runs from a message to what was heard of its answer."""
