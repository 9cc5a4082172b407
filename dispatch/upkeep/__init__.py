"""Keeping the installation well: what looks after it while nobody watches."""
