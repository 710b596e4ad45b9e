"""How a request reaches the network: the seam (``seam``), and several ways behind it."""
