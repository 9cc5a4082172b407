"""The two commands, `make run` and `make test`, and the parts they start.

Everything that has to run before the virtual environment exists uses the
standard library alone; `__main__` lists the commands.
"""
