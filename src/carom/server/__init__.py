"""The server: accepts mail, delivers it, receives its bounces, and answers Postmark's API."""
