"""Why an int8 network is less accurate than the float one, and what can be done about it."""
