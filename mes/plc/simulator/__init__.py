"""A virtual Allen-Bradley controller over EtherNet/IP: no Django in here; see `tags.VirtualController` and `server`."""
