"""What a user takes away: the folder that goes to the device."""
