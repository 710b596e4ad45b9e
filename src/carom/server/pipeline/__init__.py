"""What happens to mail, one job after another; every step is a row in the store."""
