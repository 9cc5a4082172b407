"""Position intake: fixes accepted and stored, for each second of processor time."""
