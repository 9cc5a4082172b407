"""A caller made of software: real signalling, real media, no person and no row."""
