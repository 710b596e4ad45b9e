"""What crosses the network: the structs, names, codes and endpoints of Postmark's API. No I/O happens here;
the client and the server meet only in this package."""
