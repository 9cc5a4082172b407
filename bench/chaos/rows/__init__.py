"""The rows of the fault matrix, by the part that fails."""
