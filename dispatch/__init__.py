"""The Django project and the staff side of Sightline."""

from dispatch.celery import app as celery_app

__all__ = ["celery_app"]
