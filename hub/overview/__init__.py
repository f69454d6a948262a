"""What a person sees first: counts of the day, and the lists that other pages pick from."""
