"""What a person types: the commands of banban, and what they show."""
