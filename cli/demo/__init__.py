"""Demo data and the two commands that run the main job on real input."""
