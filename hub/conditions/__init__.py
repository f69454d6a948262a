"""The one condition language: read and checked once, then asked as SQL, answered by a predicate, or said in words."""
