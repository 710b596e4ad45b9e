"""How a request reaches the network: one seam of two methods, several ways behind it."""
