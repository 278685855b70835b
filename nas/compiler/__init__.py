"""``edgetpu_compiler``: run it, and read what it says and writes."""
