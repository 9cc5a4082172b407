"""`manage.py doctor`: for every part, whether it works, and what to do if it does not."""
