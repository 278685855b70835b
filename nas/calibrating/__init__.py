"""The chip model fitted to a user's own device."""
