"""Ordered, replayable streams of messages. Knows no domain word.

Write with `unit()` and `append()`; read with `replay`; deliver with `bus` and `socket`.
"""
