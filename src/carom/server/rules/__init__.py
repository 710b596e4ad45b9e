"""What the server decides, as pure functions and tables: no clock, no database, no network."""
