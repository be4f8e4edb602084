"""A run against what its page published."""
