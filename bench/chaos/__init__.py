"""`make chaos`: the running system, made to fail row by row of the fault matrix (docs/chaos.md)."""
