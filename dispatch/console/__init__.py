"""The staff surface: the console page, its API and its socket."""
