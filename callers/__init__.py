"""The public surface: links, texts, the caller page, position intake."""
