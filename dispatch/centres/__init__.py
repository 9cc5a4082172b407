"""Who works where: centres, staff, access. `access.scope(centre)` is the door to tenant tables."""
