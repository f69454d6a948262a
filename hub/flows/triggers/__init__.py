"""What begins flows: events, schedules, segments; and who is to begin."""
