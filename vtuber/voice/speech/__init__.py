"""What every voice's speech goes through: its words' times, the mouth, its loudness, and what is kept."""
