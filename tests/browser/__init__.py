"""Pages in Chromium, most of them of one demo plant that is started once."""
