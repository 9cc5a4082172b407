"""Tools around the project: starting it, testing it, measuring it."""
