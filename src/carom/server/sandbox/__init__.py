"""The built-in remote: an SMTP server on loopback that follows scenarios, so that bounces are real."""
