"""The parts of the accept suite: the mails, the load, and what is served."""
