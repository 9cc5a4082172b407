"""A build of the system that can be killed at chosen places: for tests and `bench.chaos` alone.

Everything here comes in by `DJANGO_SETTINGS_MODULE=dispatch.tests.crash.settings`; the settings
of production name none of it.
"""
