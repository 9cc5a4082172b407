"""Repeatable measurements, each against a named peer or floor in the same run.

python -m bench.first_frame     tap → first frame on the console (make bench-first-frame)
python -m bench.glass           camera → console, frame by frame (make bench-glass)
python -m bench.fanout          positions → a hundred consoles (make bench-fanout)
python -m bench.intake          fixes stored a second, for a core (make bench-intake)
"""
