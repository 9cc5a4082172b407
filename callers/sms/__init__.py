"""Texts to callers: `gateway` is what every provider can do, one module for each of them."""
