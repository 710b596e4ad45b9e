"""SMTP in: submission, and the listener where bounces come home."""
