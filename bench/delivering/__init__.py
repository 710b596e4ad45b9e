"""Parts of the suite ``deliver`` that run as processes of their own."""
