"""The whole system as a state machine: whatever happens in whatever order, nothing is lost.

Hypothesis draws what callers, staff, networks, clocks and media servers do; after it, every
console and every caller's page must hold what a fresh snapshot and the database say, and
whatever was acknowledged must be there once. See docs/developing.md, "Tests".
"""
